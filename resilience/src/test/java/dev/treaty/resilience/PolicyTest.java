package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.resilience.Fixtures.SkippingTime;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PolicyTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    @Test
    void invalid_policies_are_rejected_with_the_value_and_the_accepted_range() {
        assertThatThrownBy(() -> RetryPolicy.DEFAULT.withAttempts(0)).hasMessage("attempts is 0: use 1 or more");
        assertThatThrownBy(() -> RetryPolicy.DEFAULT.withAttempts(11)).hasMessage("attempts is 11: use at most 10");
        assertThatThrownBy(() -> new RetryPolicy(3, SECOND, Duration.ofMillis(5), 2, Jitter.FULL, List.of(), 0.2, 10))
                .hasMessage("backoff-max (PT0.005S) is shorter than backoff (PT1S)");
        assertThatThrownBy(() -> new RetryPolicy(3, SECOND, SECOND, 0.5, Jitter.FULL, List.of(), 0.2, 10))
                .hasMessage("multiplier is 0.5: use 1 to 100");
        assertThatThrownBy(() -> new RetryPolicy(3, SECOND, SECOND, 2, Jitter.FULL, List.of(), 1.5, 10))
                .hasMessage("budget is 1.5: use 0 to 1");
        assertThatThrownBy(() -> CircuitBreakerPolicy.DEFAULT.withFailureRate(Double.NaN, 20))
                .hasMessage("failure-rate is NaN: use 0 to 1");
        var breaker = CircuitBreakerPolicy.DEFAULT;
        assertThatThrownBy(() -> breaker.withConsecutiveFailures(0))
                .hasMessage("consecutive-failures is 0: use 1 or more");
        assertThatThrownBy(() -> breaker.withSlowRate(-0.1, SECOND)).hasMessage("slow-rate is -0.1: use 0 to 1");
        assertThatThrownBy(() -> breaker.withSlowRate(0.1, Duration.ZERO))
                .hasMessage("slow-call is PT0S: use more than zero");
        assertThatThrownBy(() -> breaker.withFailureRate(0.1, 0)).hasMessage("minimum-calls is 0: use 1 or more");
        assertThatThrownBy(() -> breaker.withWindow(Duration.ZERO)).hasMessage("window is PT0S: use more than zero");
        assertThatThrownBy(() -> breaker.withWindowCalls(-1)).hasMessage("window-calls is -1: use 0 or more");
        assertThatThrownBy(() -> breaker.withWindowCalls(10_001))
                .hasMessage("window-calls is 10001: use at most 10000");
        assertThatThrownBy(() -> breaker.withWindowCalls(19))
                .hasMessage("minimum-calls is 20: use at most window-calls (19)");
        assertThat(breaker.withWindowCalls(20).windowCalls()).isEqualTo(20);
        assertThatThrownBy(() -> breaker.withOpen(Duration.ZERO, SECOND))
                .hasMessage("open is PT0S: use more than zero");
        assertThatThrownBy(() -> breaker.withOpen(SECOND.plusNanos(1), SECOND))
                .hasMessage("open-max (PT1S) is shorter than open (PT1.000000001S)");
        assertThatThrownBy(() -> breaker.withOpen(SECOND, Duration.ofHours(25)))
                .hasMessage("open-max is PT25H: use at most a day");
        assertThatThrownBy(() -> breaker.withHalfOpenCalls(0)).hasMessage("half-open-calls is 0: use 1 or more");
        assertThatThrownBy(() -> breaker.withHalfOpenCalls(101)).hasMessage("half-open-calls is 101: use at most 100");
        assertThatThrownBy(() -> FaultTolerance.DEFAULT.withDeadline(Duration.ZERO))
                .hasMessage("deadline is PT0S: use more than zero");
        assertThatThrownBy(() -> FaultTolerance.DEFAULT.withDeadline(Duration.ofDays(2)))
                .hasMessage("deadline is PT48H: use at most a day");
    }

    @Test
    void each_level_includes_those_below() {
        assertThat(IsolationLevel.FULL.includes(IsolationLevel.ENHANCED)).isTrue();
        assertThat(IsolationLevel.BASIC.includes(IsolationLevel.BASIC)).isTrue();
        assertThat(IsolationLevel.NONE.includes(IsolationLevel.BASIC)).isFalse();
    }

    @Test
    void a_call_after_its_deadline_is_not_made() throws InterruptedException {
        var time = new SkippingTime();
        var guard = Guard.named("test")
                .runtime(new RuntimeDependencies(time, new Random(1), _ -> {}))
                .build();
        var call = Fixtures.call(Fixtures.READ, time);
        time.advance(Duration.ofSeconds(5));
        assertThat(guard.filter((_, _) -> _ -> ServiceResponse.failed(Fallback.NO_ANSWER))
                        .handle(call, _ -> ServiceResponse.ok("never")))
                .isInstanceOfSatisfying(ServiceResponse.Failed.class, f -> {
                    assertThat(f.fault().code()).isEqualTo(Code.DEADLINE_EXCEEDED);
                    assertThat(f.fault().reached()).isFalse();
                });
    }
}
