package dev.treaty.benchmarks.guards;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.RateLimitPolicy;
import dev.treaty.resilience.RateLimiter;
import dev.treaty.resilience.RetryPolicy;
import dev.treaty.resilience.TimeoutMode;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Treaty: each policy alone, as one would use it without a guard where that can be done, and the whole guard. */
@State(Scope.Benchmark)
public class TreatyGuards {
    private static final CircuitBreakerPolicy BREAKER = CircuitBreakerPolicy.DEFAULT
            .withConsecutiveFailures(Body.WINDOW_CALLS)
            .withFailureRate(Body.FAILURE_RATE, Body.CALLS_MIN)
            .withWindow(Body.WINDOW)
            .withOpen(Body.OPEN, Body.OPEN);
    private static final FaultTolerance FULL = FaultTolerance.of(IsolationLevel.FULL)
            .withTimeouts(Body.TIMEOUT, Body.TIMEOUT, TimeoutMode.COOPERATIVE)
            .with(RetryPolicy.DEFAULT.withAttempts(Body.ATTEMPTS))
            .with(BREAKER)
            .with(RateLimitPolicy.perSecond(Body.PER_SECOND))
            .with(ConcurrencyPolicy.fixed(Body.CONCURRENT));
    private static final FaultTolerance RETRY = FaultTolerance.of(IsolationLevel.BASIC)
            .withTimeouts(Body.TIMEOUT, Body.TIMEOUT, TimeoutMode.COOPERATIVE)
            .with(RetryPolicy.DEFAULT.withAttempts(Body.ATTEMPTS));

    private final Body body = new Body();
    private final ScopedValue.CallableOp<Integer, RuntimeException> call = body::run;
    private final CircuitBreaker breakerTime = breaker(BREAKER);
    private final CircuitBreaker breakerCount = breaker(BREAKER.withWindowCalls(Body.WINDOW_CALLS));
    private final RateLimiter rateLimiter = new RateLimiter(RateLimitPolicy.perSecond(Body.PER_SECOND), Time.system());
    private final ConcurrencyLimiter limiterFixed =
            new ConcurrencyLimiter(ConcurrencyPolicy.fixed(Body.CONCURRENT), Time.system());
    private final ConcurrencyLimiter limiterAdaptive =
            new ConcurrencyLimiter(ConcurrencyPolicy.adaptive(Body.CONCURRENT), Time.system());
    private final Guard retry = guard(RETRY);
    private final Guard timeout =
            guard(RETRY.with(RetryPolicy.NONE).withTimeouts(Body.TIMEOUT, Body.TIMEOUT, TimeoutMode.INTERRUPT));
    private final Guard refused = refusing();
    private final Guard full = whole();
    private final Guard fullCount = guard(FULL.with(BREAKER.withWindowCalls(Body.WINDOW_CALLS)));
    private final Guard interrupting = guard(FULL.withTimeouts(Body.TIMEOUT, Body.TIMEOUT, TimeoutMode.INTERRUPT));

    static Guard whole() {
        return guard(FULL);
    }

    private static Guard guard(FaultTolerance tolerance) {
        return Guard.named("guard").tolerance(tolerance).idempotent().build();
    }

    private static Guard refusing() {
        Guard guard = whole();
        guard.breaker().ifPresent(CircuitBreaker::forceOpen);
        return guard;
    }

    private static CircuitBreaker breaker(CircuitBreakerPolicy policy) {
        return new CircuitBreaker(policy, Time.system(), RandomSource.system(), (_, _, _) -> {});
    }

    private Integer call(CircuitBreaker breaker) {
        long began = System.nanoTime();
        long admission = breaker.tryAcquire(began);
        if (admission == CircuitBreaker.REFUSED) {
            return 0;
        }
        Integer answer = body.run();
        long ended = System.nanoTime();
        breaker.succeeded(admission, ended, ended - began);
        return answer;
    }

    private Integer call(ConcurrencyLimiter limiter) {
        long began = System.nanoTime();
        if (!limiter.tryAcquire()) {
            return 0;
        }
        Integer answer = body.run();
        limiter.release("", began, System.nanoTime(), 0, false);
        return answer;
    }

    @Benchmark
    public Integer breakerTime() {
        return call(breakerTime);
    }

    @Benchmark
    public Integer breakerCount() {
        return call(breakerCount);
    }

    @Benchmark
    public Integer rateLimiter() {
        return rateLimiter.tryAcquire() ? body.run() : Integer.valueOf(0);
    }

    @Benchmark
    public Integer limiterFixed() {
        if (!limiterFixed.tryAcquire()) {
            return 0;
        }
        Integer answer = body.run();
        limiterFixed.release();
        return answer;
    }

    @Benchmark
    public Integer limiterAdaptive() {
        return call(limiterAdaptive);
    }

    @Benchmark
    public Integer retry() {
        return retry.call(call);
    }

    @Benchmark
    public Integer timeout() {
        return timeout.call(call);
    }

    @Benchmark
    public Integer full() {
        return full.call(call);
    }

    @Benchmark
    public Integer fullCount() {
        return fullCount.call(call);
    }

    @Benchmark
    public Integer interrupting() {
        return interrupting.call(call);
    }

    @Benchmark
    public Integer refused() {
        try {
            return refused.call(call);
        } catch (ServiceException e) {
            return 0;
        }
    }
}
