package dev.treaty.example.shop;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** For machines that stall: what is unavailable now may be available in a moment. */
final class Patience {
    private static final long NANOS = TimeUnit.MINUTES.toNanos(1);

    private Patience() {}

    /** Does what may be repeated until it is not unavailable any more, for a minute. */
    static <T> T available(Callable<T> body) throws Exception {
        long start = System.nanoTime();
        while (true) {
            try {
                return body.call();
            } catch (ServiceException e) {
                if (e.code() != Code.UNAVAILABLE || System.nanoTime() - start > NANOS) {
                    throw e;
                }
                Thread.yield();
            }
        }
    }
}
