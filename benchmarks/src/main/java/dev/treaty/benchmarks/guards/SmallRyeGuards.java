package dev.treaty.benchmarks.guards;

import io.smallrye.faulttolerance.api.TypedGuard;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Callable;
import org.eclipse.microprofile.faulttolerance.exceptions.CircuitBreakerOpenException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** SmallRye Fault Tolerance without a container: guards built by its programmatic API. Its breaker counts calls. */
@State(Scope.Benchmark)
public class SmallRyeGuards {
    private final Body body = new Body();
    private final Callable<Integer> call = body::run;
    private final TypedGuard<Integer> breakerCount = breaker(guard(), Body.OPEN).build();
    private final TypedGuard<Integer> rateLimiter = rate(guard()).build();
    private final TypedGuard<Integer> limiterFixed = bulkhead(guard()).build();
    private final TypedGuard<Integer> retry = retry(guard()).build();
    private final TypedGuard<Integer> timeout = timeout(guard()).build();
    private final TypedGuard<Integer> full = fullGuard().build();
    private final TypedGuard<Integer> deadline = timeout(fullGuard()).build();
    private final TypedGuard<Integer> refused = refusing();

    private static TypedGuard.Builder<Integer> guard() {
        return TypedGuard.create(Integer.class);
    }

    static TypedGuard.Builder<Integer> fullGuard() {
        return retry(bulkhead(rate(breaker(guard(), Body.OPEN))));
    }

    private static TypedGuard<Integer> refusing() {
        TypedGuard<Integer> guard = breaker(guard(), Body.OPEN_THROUGHOUT).build();
        for (int i = 0; i < Body.WINDOW_CALLS; i++) {
            try {
                guard.call(Body::fail);
            } catch (Exception e) {
                // That is what opens it.
            }
        }
        return guard;
    }

    private static TypedGuard.Builder<Integer> breaker(TypedGuard.Builder<Integer> guard, Duration open) {
        return guard.withCircuitBreaker()
                .requestVolumeThreshold(Body.WINDOW_CALLS)
                .failureRatio(Body.FAILURE_RATE)
                .delay(open.toMillis(), ChronoUnit.MILLIS)
                .done();
    }

    private static TypedGuard.Builder<Integer> rate(TypedGuard.Builder<Integer> guard) {
        return guard.withRateLimit()
                .limit(Body.PER_SECOND)
                .window(1, ChronoUnit.SECONDS)
                .done();
    }

    private static TypedGuard.Builder<Integer> bulkhead(TypedGuard.Builder<Integer> guard) {
        return guard.withBulkhead().limit(Body.CONCURRENT).done();
    }

    private static TypedGuard.Builder<Integer> retry(TypedGuard.Builder<Integer> guard) {
        return guard.withRetry()
                .maxRetries(Body.ATTEMPTS - 1)
                .delay(Body.BACKOFF.toMillis(), ChronoUnit.MILLIS)
                .done();
    }

    private static TypedGuard.Builder<Integer> timeout(TypedGuard.Builder<Integer> guard) {
        return guard.withTimeout()
                .duration(Body.TIMEOUT.toMillis(), ChronoUnit.MILLIS)
                .done();
    }

    @Benchmark
    public Integer breakerCount() throws Exception {
        return breakerCount.call(call);
    }

    @Benchmark
    public Integer rateLimiter() throws Exception {
        return rateLimiter.call(call);
    }

    @Benchmark
    public Integer limiterFixed() throws Exception {
        return limiterFixed.call(call);
    }

    @Benchmark
    public Integer retry() throws Exception {
        return retry.call(call);
    }

    @Benchmark
    public Integer timeout() throws Exception {
        return timeout.call(call);
    }

    @Benchmark
    public Integer full() throws Exception {
        return full.call(call);
    }

    @Benchmark
    public Integer deadline() throws Exception {
        return deadline.call(call);
    }

    @Benchmark
    public Integer refused() throws Exception {
        try {
            return refused.call(call);
        } catch (CircuitBreakerOpenException e) {
            return 0;
        }
    }
}
