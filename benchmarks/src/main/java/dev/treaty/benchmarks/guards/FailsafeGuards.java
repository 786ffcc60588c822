package dev.treaty.benchmarks.guards;

import dev.failsafe.Bulkhead;
import dev.failsafe.CircuitBreaker;
import dev.failsafe.CircuitBreakerOpenException;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import dev.failsafe.RateLimiter;
import dev.failsafe.RetryPolicy;
import dev.failsafe.Timeout;
import dev.failsafe.function.CheckedSupplier;
import java.time.Duration;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Failsafe: policies composed into an executor, once. */
@State(Scope.Benchmark)
public class FailsafeGuards {
    private final Body body = new Body();
    private final CheckedSupplier<Integer> call = body::run;
    private final FailsafeExecutor<Integer> breakerCount = Failsafe.with(breakerCounting());
    private final FailsafeExecutor<Integer> breakerTime = Failsafe.with(breakerTiming(Body.OPEN));
    private final FailsafeExecutor<Integer> rateLimiter = Failsafe.with(rateLimiting());
    private final FailsafeExecutor<Integer> limiterFixed = Failsafe.with(bulkhead());
    private final FailsafeExecutor<Integer> retry = Failsafe.with(retrying());
    private final FailsafeExecutor<Integer> timeout = Failsafe.with(timingOut());
    private final FailsafeExecutor<Integer> full = whole();
    private final FailsafeExecutor<Integer> deadline =
            Failsafe.with(retrying(), bulkhead(), rateLimiting(), breakerTiming(Body.OPEN), timingOut());
    private final FailsafeExecutor<Integer> refused = refusing();

    static FailsafeExecutor<Integer> whole() {
        return Failsafe.with(retrying(), bulkhead(), rateLimiting(), breakerTiming(Body.OPEN));
    }

    private static FailsafeExecutor<Integer> refusing() {
        CircuitBreaker<Integer> breaker = breakerTiming(Body.OPEN_THROUGHOUT);
        breaker.open();
        return Failsafe.with(breaker);
    }

    private static CircuitBreaker<Integer> breakerCounting() {
        return CircuitBreaker.<Integer>builder()
                .withFailureThreshold(Body.WINDOW_CALLS * Body.FAILURE_PERCENT / 100, Body.WINDOW_CALLS)
                .withDelay(Body.OPEN)
                .build();
    }

    private static CircuitBreaker<Integer> breakerTiming(Duration open) {
        return CircuitBreaker.<Integer>builder()
                .withFailureRateThreshold(Body.FAILURE_PERCENT, Body.CALLS_MIN, Body.WINDOW)
                .withDelay(open)
                .build();
    }

    private static RateLimiter<Integer> rateLimiting() {
        return RateLimiter.<Integer>burstyBuilder(Body.PER_SECOND, Duration.ofSeconds(1))
                .build();
    }

    private static Bulkhead<Integer> bulkhead() {
        return Bulkhead.<Integer>builder(Body.CONCURRENT).build();
    }

    private static RetryPolicy<Integer> retrying() {
        return RetryPolicy.<Integer>builder()
                .withMaxAttempts(Body.ATTEMPTS)
                .withDelay(Body.BACKOFF)
                .build();
    }

    private static Timeout<Integer> timingOut() {
        return Timeout.<Integer>builder(Body.TIMEOUT).withInterrupt().build();
    }

    @Benchmark
    public Integer breakerCount() {
        return breakerCount.get(call);
    }

    @Benchmark
    public Integer breakerTime() {
        return breakerTime.get(call);
    }

    @Benchmark
    public Integer rateLimiter() {
        return rateLimiter.get(call);
    }

    @Benchmark
    public Integer limiterFixed() {
        return limiterFixed.get(call);
    }

    @Benchmark
    public Integer retry() {
        return retry.get(call);
    }

    @Benchmark
    public Integer timeout() {
        return timeout.get(call);
    }

    @Benchmark
    public Integer full() {
        return full.get(call);
    }

    @Benchmark
    public Integer deadline() {
        return deadline.get(call);
    }

    @Benchmark
    public Integer refused() {
        try {
            return refused.get(call);
        } catch (CircuitBreakerOpenException e) {
            return 0;
        }
    }
}
