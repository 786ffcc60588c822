package dev.treaty.benchmarks.overload;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limit.AIMDLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limit.VegasLimit;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The limits that are compared; all but Treaty's own run within the handler, behind a limit that is never reached. */
interface Limits {
    /** Treaty's default. */
    String TREATY = "treaty";

    /** Treaty's fixed limit of 1,000 calls. */
    String FIXED = "fixed";

    /** The settings of the server that are needed for a limit. */
    static String settings(String limit) {
        return switch (limit) {
            case TREATY -> "";
            case FIXED -> "server: {limits: {concurrency: {adaptive: false}}}\n";
            default -> "server: {limits: {concurrency: {adaptive: false, limit: 65536}}}\n";
        };
    }

    /** Runs a call within the limit, or throws that it is reached. */
    String run(Supplier<String> call);

    /** The limits of others, by name. */
    Map<String, Supplier<Limits>> OTHERS = Map.of(
            "aimd", () -> netflix(AIMDLimit.newBuilder().build()),
            "vegas", () -> netflix(VegasLimit.newDefault()),
            "gradient2", () -> netflix(Gradient2Limit.newDefault()),
            "codel", CoDel::new);

    /** Returns a limit by its name. */
    static Limits named(String limit) {
        return OTHERS.getOrDefault(limit, () -> Supplier::get).get();
    }

    private static Limits netflix(Limit limit) {
        SimpleLimiter<String> limiter = SimpleLimiter.newBuilder().limit(limit).build();
        return call -> {
            Limiter.Listener admitted = limiter.acquire("").orElseThrow(Limits::refused);
            String answer = call.get();
            admitted.onSuccess();
            return answer;
        };
    }

    private static ServiceException refused() {
        return new ServiceException(Fault.unreached(Code.RESOURCE_EXHAUSTED, "the limit is reached"));
    }

    /**
     * Twenty calls at a time and a queue that drops by controlled delay: usually calls wait for up to 100 ms, and while
     * the queue has not been empty for 100 ms, for up to 5 ms.
     */
    final class CoDel implements Limits {
        private static final long INTERVAL_NANOS = 100_000_000;
        private static final long TARGET_NANOS = 5_000_000;

        private final Semaphore permits = new Semaphore(20, true);
        private volatile long emptyAt = System.nanoTime();

        @Override
        public String run(Supplier<String> call) {
            long now = System.nanoTime();
            if (!permits.hasQueuedThreads()) {
                emptyAt = now;
            }
            try {
                long wait = now - emptyAt > INTERVAL_NANOS ? TARGET_NANOS : INTERVAL_NANOS;
                if (!permits.tryAcquire(wait, TimeUnit.NANOSECONDS)) {
                    throw refused();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw refused();
            }
            try {
                return call.get();
            } finally {
                permits.release();
            }
        }
    }
}
