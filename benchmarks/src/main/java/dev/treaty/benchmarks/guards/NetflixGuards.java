package dev.treaty.benchmarks.guards;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.Limiter;
import com.netflix.concurrency.limits.limit.FixedLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import java.util.Optional;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Netflix's concurrency-limits: calls at a time, fixed or found from latency, as their builders make them. */
@State(Scope.Benchmark)
public class NetflixGuards {
    private final Body body = new Body();
    private final Limiter<Body> limiterFixed = limiter(FixedLimit.of(Body.CONCURRENT));
    private final Limiter<Body> limiterAdaptive = limiter(Gradient2Limit.newDefault());

    private static Limiter<Body> limiter(Limit limit) {
        return SimpleLimiter.newBuilder().limit(limit).build();
    }

    private Integer call(Limiter<Body> limiter) {
        Optional<Limiter.Listener> admitted = limiter.acquire(body);
        if (admitted.isEmpty()) {
            return 0;
        }
        Integer answer = body.run();
        admitted.get().onSuccess();
        return answer;
    }

    @Benchmark
    public Integer limiterFixed() {
        return call(limiterFixed);
    }

    @Benchmark
    public Integer limiterAdaptive() {
        return call(limiterAdaptive);
    }
}
