package dev.treaty.resilience.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Code;
import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.FallbackPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.HedgePolicy;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.RateLimitPolicy;
import dev.treaty.resilience.RetryPolicy;
import dev.treaty.resilience.TimeoutMode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PolicyWarningsTest {
    private static final FaultTolerance SOUND = FaultTolerance.DEFAULT;

    private static List<String> in(FaultTolerance tolerance) {
        return PolicyWarnings.in(tolerance, true);
    }

    private static void assertOne(FaultTolerance tolerance, String warning) {
        assertThat(in(tolerance)).containsExactly(warning);
    }

    @Test
    void the_defaults_have_no_warnings_at_any_level() {
        for (IsolationLevel level : IsolationLevel.values()) {
            assertThat(in(FaultTolerance.of(level))).isEmpty();
        }
    }

    @Test
    void attempts_that_exceed_the_deadline() {
        assertOne(
                SOUND.withDeadline(Duration.ofSeconds(4)),
                "3 attempts of 1.5s and the pauses between them need 4.56s, but deadline is 4s: the last attempts are"
                        + " cut short");
        assertOne(
                SOUND.withDeadline(Duration.ofMillis(1500)),
                "attempt-timeout (1.5s) is not shorter than deadline (1.5s): an attempt that hangs leaves no time for"
                        + " a retry");
    }

    @Test
    void an_attempt_timeout_without_effect() {
        var retry = RetryPolicy.DEFAULT;
        var unavailable = SOUND.with(new RetryPolicy(
                retry.attempts(),
                retry.backoff(),
                retry.backoffMax(),
                retry.multiplier(),
                retry.jitter(),
                List.of(Code.UNAVAILABLE),
                retry.budget(),
                retry.budgetPerSecond()));
        assertThat(in(unavailable.withDeadline(Duration.ofSeconds(1))))
                .as("it has the default value")
                .isEmpty();
        assertOne(
                unavailable.withTimeouts(Duration.ofSeconds(5), Duration.ofSeconds(1), TimeoutMode.COOPERATIVE),
                "attempt-timeout (1s) is set, but retry.on has no deadline_exceeded: no attempt ends before the"
                        + " deadline (5s)");
    }

    @Test
    void trials_that_outlast_their_leases() {
        var brief = CircuitBreakerPolicy.DEFAULT.withOpen(Duration.ofMillis(500), Duration.ofSeconds(1));
        assertOne(
                SOUND.with(brief),
                "breaker.open-max (1s) is shorter than the longest attempt (1.5s): a trial may outlast its lease, and"
                        + " more than breaker.half-open-calls (1) may run at a time");
        assertThat(in(SOUND.with(brief.withOpen(Duration.ofMillis(500), Duration.ofMillis(1500)))))
                .isEmpty();
    }

    @Test
    void policies_that_require_idempotent_work() {
        assertThat(PolicyWarnings.in(SOUND.with(HedgePolicy.DEFAULT), false))
                .containsExactly(
                        "retry.attempts is 3, but the work is not declared idempotent: only calls that"
                                + " certainly did not run are retried",
                        "hedging is set, but the work is not declared idempotent: it is never hedged");
        assertThat(PolicyWarnings.in(SOUND.with(RetryPolicy.NONE), false)).isEmpty();
    }

    @Test
    void policies_that_the_level_excludes() {
        var low = SOUND.with(IsolationLevel.BASIC);
        assertOne(
                low.with(new FallbackPolicy(Duration.ofMinutes(1), 10, Optional.empty(), Optional.empty())),
                "a fallback is set, but level basic has none: use level enhanced or full");
        assertOne(
                low.with(new RateLimitPolicy(1, Duration.ofSeconds(1), 1, Duration.ZERO, Duration.ZERO)),
                "a rate limit is set, but level basic has none: use level full");
        assertOne(low.with(HedgePolicy.DEFAULT), "hedging is set, but level basic has none: use level full");
    }

    @Test
    void a_slow_call_duration_that_no_attempt_reaches() {
        assertOne(
                SOUND.with(CircuitBreakerPolicy.DEFAULT.withSlowRate(0.5, Duration.ofSeconds(2))),
                "breaker.slow-call (2s) is not shorter than the longest attempt (1.5s): no call is slow without"
                        + " failing");
        assertThat(in(SOUND.with(CircuitBreakerPolicy.DEFAULT.withSlowRate(0.5, Duration.ofSeconds(1)))))
                .isEmpty();
    }

    @Test
    void limits_that_are_never_reached() {
        assertOne(
                SOUND.with(new RateLimitPolicy(1, Duration.ofSeconds(1), 10, Duration.ZERO, Duration.ZERO)),
                "rate-limit admits 15 calls within a deadline, fewer than concurrency.limit (200): the"
                        + " concurrency limit is never reached");
        assertOne(
                SOUND.with(new RateLimitPolicy(1_000, Duration.ofSeconds(1), 10, Duration.ofSeconds(5), Duration.ZERO)),
                "rate-limit.wait-max (5s) is not shorter than deadline (5s): a call that waits so long has no time"
                        + " left");
        var patient = new ConcurrencyPolicy(false, 200, 50, Duration.ofSeconds(6));
        assertOne(
                SOUND.with(patient),
                "concurrency.wait-max (6s) is not shorter than deadline (5s): a call that waits so long has no time"
                        + " left");
    }

    @Test
    void hedges_that_never_start() {
        assertOne(
                SOUND.with(new HedgePolicy(0.95, Duration.ofSeconds(2), 0.05)),
                "hedge.delay-min (2s) is not shorter than the longest attempt (1.5s): no second attempt ever starts");
        assertOne(
                SOUND.with(new HedgePolicy(0.95, Duration.ofMillis(1), 0)),
                "hedge.budget is 0: no second attempt ever starts");
    }
}
