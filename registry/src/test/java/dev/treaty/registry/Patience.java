package dev.treaty.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for conditions that other threads bring about, which may take long on a busy machine. */
public final class Patience {
    public static final long NANOS = Duration.ofSeconds(60).toNanos();

    private static final long POLL_NANOS = 50_000;

    private Patience() {}

    public static void eventually(BooleanSupplier condition) {
        long end = System.nanoTime() + NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as("nanoseconds over the limit").isNegative();
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
