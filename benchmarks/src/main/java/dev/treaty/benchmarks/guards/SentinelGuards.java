package dev.treaty.benchmarks.guards;

import com.alibaba.csp.sentinel.Entry;
import com.alibaba.csp.sentinel.SphU;
import com.alibaba.csp.sentinel.slots.block.BlockException;
import com.alibaba.csp.sentinel.slots.block.RuleConstant;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRule;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRuleManager;
import com.alibaba.csp.sentinel.slots.block.degrade.circuitbreaker.CircuitBreakerStrategy;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRule;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRuleManager;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * Sentinel: resources with rules. It always keeps its statistics, of a second and of a minute, so that no policy of it
 * costs less than those; it has neither retries nor timeouts.
 */
@State(Scope.Benchmark)
public class SentinelGuards {
    private static final String BREAKER = "breaker";
    private static final String RATE = "rate";
    private static final String LIMITER = "limiter";
    private static final String FULL = "full";
    private static final String REFUSED = "refused";

    private final Body body = new Body();

    /** Rules hold for the whole process, and for resources by name. */
    public SentinelGuards() {
        FlowRuleManager.loadRules(List.of(rate(RATE), threads(LIMITER), rate(FULL), threads(FULL)));
        DegradeRuleManager.loadRules(List.of(
                breaker(BREAKER, Body.OPEN.toSeconds()),
                breaker(FULL, Body.OPEN.toSeconds()),
                breaker(REFUSED, Body.OPEN_THROUGHOUT.toSeconds())));
        for (int i = 0; i < Body.WINDOW_CALLS; i++) {
            open();
        }
    }

    private static FlowRule rate(String resource) {
        return new FlowRule(resource).setCount(Body.PER_SECOND).setGrade(RuleConstant.FLOW_GRADE_QPS);
    }

    private static FlowRule threads(String resource) {
        return new FlowRule(resource).setCount(Body.CONCURRENT).setGrade(RuleConstant.FLOW_GRADE_THREAD);
    }

    private static DegradeRule breaker(String resource, long openSeconds) {
        return new DegradeRule(resource)
                .setGrade(CircuitBreakerStrategy.ERROR_RATIO.getType())
                .setCount(Body.FAILURE_RATE)
                .setMinRequestAmount(Body.CALLS_MIN)
                .setStatIntervalMs((int) Body.WINDOW.toMillis())
                .setTimeWindow((int) openSeconds);
    }

    private static void open() {
        try (Entry entry = SphU.entry(REFUSED)) {
            entry.setError(new IllegalStateException("down"));
        } catch (BlockException e) {
            // That is what it shall do.
        }
    }

    private Integer call(String resource) {
        Entry entry = null;
        try {
            entry = SphU.entry(resource);
            return body.run();
        } catch (BlockException e) {
            return 0;
        } finally {
            if (entry != null) {
                entry.exit();
            }
        }
    }

    @Benchmark
    public Integer breakerTime() {
        return call(BREAKER);
    }

    @Benchmark
    public Integer rateLimiter() {
        return call(RATE);
    }

    @Benchmark
    public Integer limiterFixed() {
        return call(LIMITER);
    }

    @Benchmark
    public Integer full() {
        return call(FULL);
    }

    @Benchmark
    public Integer refused() {
        return call(REFUSED);
    }
}
