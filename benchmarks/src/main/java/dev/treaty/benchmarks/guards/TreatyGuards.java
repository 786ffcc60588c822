package dev.treaty.benchmarks.guards;

import dev.treaty.core.time.Time;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.CircuitBreakerPolicy;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Treaty: each policy alone, as one would use it without a guard, and the whole guard. */
@State(Scope.Benchmark)
public class TreatyGuards {
    private final Body body = new Body();
    private final CircuitBreaker breakerTime = new CircuitBreaker(
            CircuitBreakerPolicy.DEFAULT, Time.system(), new SplittableRandom(), (_, _, _) -> {});

    @Benchmark
    public Integer breakerTime() {
        return call(breakerTime);
    }

    private Integer call(CircuitBreaker breaker) {
        long admission = breaker.tryAcquire();
        if (admission == CircuitBreaker.REFUSED) {
            return 0;
        }
        Integer answer = body.run();
        breaker.succeeded(admission);
        return answer;
    }
}
