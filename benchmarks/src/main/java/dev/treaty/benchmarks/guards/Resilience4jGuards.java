package dev.treaty.benchmarks.guards;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.decorators.Decorators;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.github.resilience4j.timelimiter.TimeLimiterConfig;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Resilience4j: policies that decorate a supplier, each decorated once. */
@State(Scope.Benchmark)
public class Resilience4jGuards {
    private final Body body = new Body();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Supplier<Integer> breakerCount =
            breaker(SlidingWindowType.COUNT_BASED).decorateSupplier(body::run);
    private final Supplier<Integer> breakerTime =
            breaker(SlidingWindowType.TIME_BASED).decorateSupplier(body::run);
    private final Supplier<Integer> rateLimiter = RateLimiter.decorateSupplier(rateLimiting(), body::run);
    private final Supplier<Integer> limiterFixed = Bulkhead.decorateSupplier(bulkhead(), body::run);
    private final Supplier<Integer> retry = Retry.decorateSupplier(retrying(), body::run);
    private final Supplier<Integer> refused = opened().decorateSupplier(body::run);
    private final Callable<Integer> timeout =
            TimeLimiter.decorateFutureSupplier(timeLimiter(), () -> threads.submit(body::run));
    private final Supplier<Integer> fullCount = full(SlidingWindowType.COUNT_BASED, body::run);
    private final Supplier<Integer> full = full(SlidingWindowType.TIME_BASED, body::run);
    private final Supplier<Integer> deadline = full(SlidingWindowType.TIME_BASED, this::limitedInTime);

    private Integer limitedInTime() {
        try {
            return timeout.call();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static Supplier<Integer> full(SlidingWindowType window, Supplier<Integer> body) {
        return Decorators.ofSupplier(body)
                .withCircuitBreaker(breaker(window))
                .withRateLimiter(rateLimiting())
                .withBulkhead(bulkhead())
                .withRetry(retrying())
                .decorate();
    }

    private static CircuitBreakerConfig.Builder breakerConfig(SlidingWindowType window, Duration open) {
        return CircuitBreakerConfig.custom()
                .slidingWindowType(window)
                .slidingWindowSize(
                        window == SlidingWindowType.COUNT_BASED ? Body.WINDOW_CALLS : (int) Body.WINDOW.toSeconds())
                .minimumNumberOfCalls(Body.CALLS_MIN)
                .failureRateThreshold(Body.FAILURE_PERCENT)
                .waitDurationInOpenState(open);
    }

    private static CircuitBreaker breaker(SlidingWindowType window) {
        return CircuitBreaker.of("breaker", breakerConfig(window, Body.OPEN).build());
    }

    /** Without stack traces, which it has to be told. */
    private static CircuitBreaker opened() {
        var breaker = CircuitBreaker.of(
                "breaker",
                breakerConfig(SlidingWindowType.TIME_BASED, Body.OPEN_THROUGHOUT)
                        .writableStackTraceEnabled(false)
                        .build());
        breaker.transitionToOpenState();
        return breaker;
    }

    private static RateLimiter rateLimiting() {
        return RateLimiter.of(
                "rate",
                RateLimiterConfig.custom()
                        .limitForPeriod(Body.PER_SECOND)
                        .limitRefreshPeriod(Duration.ofSeconds(1))
                        .timeoutDuration(Duration.ZERO)
                        .build());
    }

    private static Bulkhead bulkhead() {
        return Bulkhead.of(
                "bulkhead",
                BulkheadConfig.custom().maxConcurrentCalls(Body.CONCURRENT).build());
    }

    private static Retry retrying() {
        return Retry.of(
                "retry",
                RetryConfig.custom()
                        .maxAttempts(Body.ATTEMPTS)
                        .waitDuration(Body.BACKOFF)
                        .build());
    }

    private static TimeLimiter timeLimiter() {
        return TimeLimiter.of(
                TimeLimiterConfig.custom().timeoutDuration(Body.TIMEOUT).build());
    }

    @Benchmark
    public Integer breakerCount() {
        return breakerCount.get();
    }

    @Benchmark
    public Integer breakerTime() {
        return breakerTime.get();
    }

    @Benchmark
    public Integer rateLimiter() {
        return rateLimiter.get();
    }

    @Benchmark
    public Integer limiterFixed() {
        return limiterFixed.get();
    }

    @Benchmark
    public Integer retry() {
        return retry.get();
    }

    @Benchmark
    public Integer timeout() throws Exception {
        return timeout.call();
    }

    @Benchmark
    public Integer fullCount() {
        return fullCount.get();
    }

    @Benchmark
    public Integer full() {
        return full.get();
    }

    @Benchmark
    public Integer deadline() {
        return deadline.get();
    }

    @Benchmark
    public Integer refused() {
        try {
            return refused.get();
        } catch (CallNotPermittedException e) {
            return 0;
        }
    }

    @TearDown
    public void close() {
        threads.close();
    }
}
