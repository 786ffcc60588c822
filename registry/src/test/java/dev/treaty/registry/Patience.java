package dev.treaty.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what other threads do, which may take long on a busy machine. */
public final class Patience {
    public static final long NANOS = Duration.ofSeconds(20).toNanos();

    private Patience() {}

    public static void eventually(BooleanSupplier reached) {
        long end = System.nanoTime() + NANOS;
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds over the time to wait")
                    .isNegative();
            LockSupport.parkNanos(50_000);
        }
    }
}
