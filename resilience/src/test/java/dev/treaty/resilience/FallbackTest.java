package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.resilience.Fixtures.SkippingTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FallbackTest {
    private final List<Event> events = new ArrayList<>();

    private ServiceResponse<?> run(IsolationLevel level, Code code, Fallback<Object> fallback)
            throws InterruptedException {
        var time = new SkippingTime();
        var guard = Guard.named("test")
                .tolerance(FaultTolerance.of(level).with(RetryPolicy.NONE))
                .runtime(new RuntimeDependencies(time, new Random(1), events::add))
                .withoutBreaker()
                .build();
        return guard.filter((_, _) -> fallback)
                .handle(Fixtures.call(Fixtures.READ, time), _ -> ServiceResponse.failed(code, "no"));
    }

    @Test
    void a_fallback_answers_if_the_service_fails_and_emits_an_event() throws InterruptedException {
        var response =
                run(IsolationLevel.FULL, Code.UNAVAILABLE, _ -> ServiceResponse.ok("instead", Origin.ALTERNATIVE));
        assertThat(response).isEqualTo(ServiceResponse.ok("instead", Origin.ALTERNATIVE));
        assertThat(events).hasSize(1).first().isInstanceOf(Event.FallbackServed.class);
    }

    @Test
    void a_fallback_never_hides_a_fault_of_the_caller() throws InterruptedException {
        for (Code code : new Code[] {Code.UNAUTHENTICATED, Code.NOT_FOUND, Code.INVALID_ARGUMENT}) {
            assertThat(run(IsolationLevel.FULL, code, _ -> ServiceResponse.ok("instead", Origin.ALTERNATIVE))
                            .succeeded())
                    .isFalse();
        }
        assertThat(events).isEmpty();
    }

    @Test
    void a_fallback_is_not_used_below_level_enhanced() throws InterruptedException {
        assertThat(run(IsolationLevel.BASIC, Code.UNAVAILABLE, _ -> ServiceResponse.ok("instead", Origin.ALTERNATIVE))
                        .succeeded())
                .isFalse();
    }

    @Test
    void the_next_fallback_answers_if_the_first_throws() throws InterruptedException {
        Fallback<Object> broken = _ -> {
            throw new IllegalStateException("broken");
        };
        assertThat(run(IsolationLevel.FULL, Code.UNAVAILABLE, broken.or(Fallback.value("instead"))))
                .isEqualTo(ServiceResponse.ok("instead", Origin.STATIC));
        assertThat(run(
                        IsolationLevel.FULL,
                        Code.UNAVAILABLE,
                        broken.or(_ -> ServiceResponse.failed(Fallback.NO_ANSWER))))
                .isEqualTo(ServiceResponse.failed(
                        Fault.of(Code.UNAVAILABLE, "no; the fallback failed too: IllegalStateException: broken")));
    }

    @Test
    void without_an_answer_of_the_fallback_the_fault_of_the_service_stands() throws InterruptedException {
        var none = run(IsolationLevel.FULL, Code.UNAVAILABLE, _ -> ServiceResponse.failed(Code.UNIMPLEMENTED, "none"));
        assertThat(none).isEqualTo(ServiceResponse.failed(Code.UNAVAILABLE, "no"));
        var failed = run(IsolationLevel.FULL, Code.UNAVAILABLE, _ -> ServiceResponse.failed(Code.INTERNAL, "broken"));
        assertThat(failed)
                .isEqualTo(ServiceResponse.failed(Fault.of(Code.UNAVAILABLE, "no; the fallback failed too: broken")));
    }
}
