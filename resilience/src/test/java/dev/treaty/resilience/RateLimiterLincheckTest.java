package dev.treaty.resilience;

import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

public class RateLimiterLincheckTest {
    private static RateLimitPolicy policy(int burst, int warmUpMillis) {
        return new RateLimitPolicy(1, Duration.ofMillis(1), burst, Duration.ZERO, Duration.ofMillis(warmUpMillis));
    }

    /** Without stripes: every call takes effect at one moment between its start and its end. */
    public static class Shared {
        private final RateLimiter limiter = new RateLimiter(policy(4, 0), new ManualTime());

        @Operation
        public long reserve(
                @Param(gen = IntGen.class, conf = "1:3") int permits,
                @Param(gen = IntGen.class, conf = "0:5") int nowMillis,
                @Param(gen = IntGen.class, conf = "0:3") int waitMillis) {
            return limiter.reserve(permits, nowMillis * 1_000_000L, waitMillis * 1_000_000L);
        }

        @Operation
        public long retryAfter(@Param(gen = IntGen.class, conf = "0:5") int nowMillis) {
            return limiter.retryAfterNanos(1, nowMillis * 1_000_000L);
        }
    }

    /** With a warm-up. */
    public static class Warming {
        private final RateLimiter limiter = new RateLimiter(policy(4, 10), new ManualTime());

        @Operation
        public long reserve(
                @Param(gen = IntGen.class, conf = "1:3") int permits,
                @Param(gen = IntGen.class, conf = "0:5") int nowMillis,
                @Param(gen = IntGen.class, conf = "0:3") int waitMillis) {
            return limiter.reserve(permits, nowMillis * 1_000_000L, waitMillis * 1_000_000L);
        }
    }

    /**
     * With stripes a call may read several moments; the number of permits never changes.
     */
    public static class Striped {
        private static final int BURST = 9;

        private final RateLimiter limiter = new RateLimiter(policy(BURST, 0), new ManualTime(), 2, 3);
        private final AtomicInteger taken = new AtomicInteger();

        @Operation
        public void take(@Param(gen = IntGen.class, conf = "0:1") int stripe) {
            if (limiter.reserve(stripe, 1, 0, 0) == 0) {
                taken.incrementAndGet();
            }
        }

        @Operation
        public void takeTwo(@Param(gen = IntGen.class, conf = "0:1") int stripe) {
            if (limiter.reserve(stripe, 2, 0, 0) == 0) {
                taken.addAndGet(2);
            }
        }

        @Validate
        public void allThatIsLeftCanBeTaken() {
            int left = 0;
            while (limiter.reserve(0, 1, 0, 0) == 0) {
                left++;
            }
            if (taken.get() + left != BURST) {
                throw new IllegalStateException(taken.get() + " taken and " + left + " left of " + BURST);
            }
        }
    }

    private static ModelCheckingOptions options() {
        return new ModelCheckingOptions()
                .iterations(5)
                .invocationsPerIteration(200)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(1);
    }

    @Test
    void reservations_are_linearizable() {
        options().check(Shared.class);
    }

    @Test
    void reservations_are_linearizable_during_warm_up() {
        options().check(Warming.class);
    }

    @Test
    void stripes_neither_lose_nor_add_permits() {
        options().check(Striped.class);
    }
}
