package dev.treaty.example.shop;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** Repeats calls that are unavailable on a machine that stalls. */
final class Patience {
    private static final long NANOS_MAX = TimeUnit.MINUTES.toNanos(1);

    private Patience() {}

    /** Repeats an idempotent call until it is available, for at most a minute. */
    static <T> T available(Callable<T> body) throws Exception {
        long start = System.nanoTime();
        while (true) {
            try {
                return body.call();
            } catch (ServiceException e) {
                if (e.code() != Code.UNAVAILABLE || System.nanoTime() - start > NANOS_MAX) {
                    throw e;
                }
                Thread.yield();
            }
        }
    }
}
