package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for conditions in tests: checks them repeatedly, for longer than a busy machine needs. */
public final class Polling {
    /** How long to wait before a test fails. */
    public static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final Duration PAUSE = Duration.ofMillis(1);

    private Polling() {}

    /** Waits until the condition holds; a condition that throws a {@link ServiceException} does not hold yet. */
    public static void until(BooleanSupplier condition) {
        until(condition, () -> {});
    }

    /** Waits until the condition holds, and runs an action before each further check. */
    public static void until(BooleanSupplier condition, Runnable meanwhile) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!holds(condition)) {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds after the end of the wait")
                    .isNegative();
            meanwhile.run();
            pause();
        }
    }

    private static boolean holds(BooleanSupplier condition) {
        try {
            return condition.getAsBoolean();
        } catch (ServiceException e) {
            return false;
        }
    }

    /** Returns the result of a query, which is repeated while it throws a {@link ServiceException}. */
    public static <T> T result(Supplier<T> query) {
        var result = new AtomicReference<T>();
        until(() -> {
            result.set(query.get());
            return true;
        });
        return result.get();
    }

    private static void pause() {
        try {
            Time.system().sleep(PAUSE.toNanos());
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while waiting", e);
        }
    }
}
