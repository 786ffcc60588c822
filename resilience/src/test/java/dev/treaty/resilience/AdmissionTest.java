package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Cancellation;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Fixtures.SkippingTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final RateLimitPolicy ONE_A_SECOND = RateLimitPolicy.perSecond(1);

    private final SkippingTime time = new SkippingTime();
    private final List<CallContext> handled = new ArrayList<>();
    private final Handler handler = call -> {
        handled.add(call.context());
        return ServiceResponse.<Object>ok("done");
    };

    private Admission admission(AdmissionPolicy policy) {
        return new Admission(new ServiceName("test"), policy, time);
    }

    private static Call cancelable(Time time) {
        return by(Principal.ANONYMOUS, Priority.NORMAL, time);
    }

    private Call by(Principal caller, Priority priority) {
        return by(caller, priority, time);
    }

    private static Call by(Principal caller, Priority priority, Time time) {
        Call call = Fixtures.call(Fixtures.WRITE, time);
        CallContext context = call.context();
        return call.with(new CallContext(
                context.deadline(),
                caller,
                context.trace(),
                1,
                priority,
                context.mirrored(),
                context.headers(),
                context.outgoing(),
                context.record(),
                new Cancellation()));
    }

    private Call by(String caller) {
        return by(Principal.claimed(caller), Priority.NORMAL);
    }

    private static Fault refusal(ServiceResponse<?> response) {
        assertThat(response).isInstanceOf(ServiceResponse.Failed.class);
        Fault fault = ((ServiceResponse.Failed<?>) response).fault();
        assertThat(fault.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
        assertThat(fault.reached()).as("a refusal is retryable").isFalse();
        return fault;
    }

    /**
     * Starts calls of these priorities one inside the other, so that they run at the same time; then runs the body.
     */
    private ServiceResponse<?> during(Admission admission, List<Priority> calls, Supplier<ServiceResponse<?>> rest)
            throws InterruptedException {
        if (calls.isEmpty()) {
            return rest.get();
        }
        return admission.handle(
                by(Principal.ANONYMOUS, calls.getFirst()),
                _ -> during(admission, calls.subList(1, calls.size()), rest));
    }

    private static ServiceResponse<?> make(Admission admission, Call call, Handler handler) {
        try {
            return admission.handle(call, handler);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void an_invalid_policy_is_rejected_with_the_value_and_the_accepted_range() {
        AdmissionPolicy usual = AdmissionPolicy.DEFAULT;
        assertThatThrownBy(() -> new AdmissionPolicy(
                        Optional.empty(), Optional.empty(), 0, usual.concurrency(), 1, usual.priorityMax()))
                .hasMessage("callers-max is 0: use 1 or more");
        assertThatThrownBy(() -> new AdmissionPolicy(
                        Optional.empty(), Optional.empty(), 1_000_001, usual.concurrency(), 1, usual.priorityMax()))
                .hasMessage("callers-max is 1000001: use at most 1000000");
        assertThatThrownBy(() -> usual.withRateLimitPerCaller(ONE_A_SECOND.withWarmUp(SECOND)))
                .hasMessage("warm-up is PT1S: use none for a limit per key");
    }

    @Test
    void calls_beyond_the_concurrency_limit_are_refused() throws InterruptedException {
        var admission = admission(AdmissionPolicy.DEFAULT.with(ConcurrencyPolicy.fixed(2)));
        var normal = List.of(Priority.NORMAL, Priority.NORMAL);
        Fault fault = refusal(during(admission, normal, () -> make(admission, by("ada"), handler)));
        assertThat(fault.message()).isEqualTo("the server's concurrency limit of test is reached");
        assertThat(fault.retryAfter()).isEmpty();
        assertThat(handled).isEmpty();
        assertThat(admission.concurrency().inFlight()).isZero();
        make(admission, by("ada"), handler);
        assertThat(handled).hasSize(1);
    }

    @Test
    void a_failed_call_releases_its_permit() {
        var admission = admission(AdmissionPolicy.DEFAULT.with(ConcurrencyPolicy.fixed(1)));
        assertThatThrownBy(() -> admission.handle(by("ada"), _ -> {
                    throw new InterruptedException();
                }))
                .isInstanceOf(InterruptedException.class);
        assertThat(admission.concurrency().inFlight()).isZero();
    }

    @Test
    void sheddable_calls_are_refused_first() throws InterruptedException {
        var admission = admission(AdmissionPolicy.DEFAULT.with(ConcurrencyPolicy.fixed(4)));
        var three = List.of(Priority.NORMAL, Priority.SHEDDABLE, Priority.NORMAL);
        during(admission, three, () -> {
            refusal(make(admission, by(Principal.ANONYMOUS, Priority.SHEDDABLE), handler));
            return make(admission, by("ada"), handler);
        });
        assertThat(handled).extracting(CallContext::priority).containsExactly(Priority.NORMAL);
    }

    @Test
    void a_claimed_priority_is_capped_and_only_the_granted_one_is_passed_on() {
        var strict = admission(AdmissionPolicy.DEFAULT);
        make(strict, by(Principal.claimed("eve"), Priority.CRITICAL), handler);
        make(strict, by(Principal.claimed("ada"), Priority.SHEDDABLE), handler);
        make(strict, by(Principal.proven("ada", Principal.Proof.TOKEN), Priority.CRITICAL), handler);
        var open = admission(AdmissionPolicy.DEFAULT.with(Priority.CRITICAL));
        make(open, by(Principal.claimed("ada"), Priority.CRITICAL), handler);
        assertThat(handled)
                .extracting(CallContext::priority)
                .containsExactly(Priority.NORMAL, Priority.SHEDDABLE, Priority.CRITICAL, Priority.CRITICAL);
    }

    @Test
    void each_caller_has_its_own_rate_limit_and_a_refusal_contains_the_time_to_retry() {
        var admission = admission(AdmissionPolicy.DEFAULT.withRateLimitPerCaller(ONE_A_SECOND));
        make(admission, by("ada"), handler);
        time.advance(Duration.ofMillis(300));
        Fault fault = refusal(make(admission, by("ada"), handler));
        assertThat(fault.message()).isEqualTo("the caller's rate limit of test is reached");
        assertThat(fault.retryAfter()).contains(Duration.ofMillis(700));
        make(admission, by("bob"), handler);
        make(admission, by(Principal.proven("ada", Principal.Proof.TOKEN), Priority.NORMAL), handler);
        assertThat(handled)
                .as("an unauthenticated name takes no permits of the authenticated one")
                .hasSize(3);
        time.advance(Duration.ofMillis(700));
        make(admission, by("ada"), handler);
        assertThat(handled).hasSize(4);
    }

    @Test
    void names_that_differ_after_128_characters_are_one_caller() {
        var admission = admission(AdmissionPolicy.DEFAULT.withRateLimitPerCaller(ONE_A_SECOND));
        String name = "x".repeat(Admission.CALLER_LENGTH_MAX);
        make(admission, by(name + 1), handler);
        refusal(make(admission, by(name + 2), handler));
        make(admission, by("y"), handler);
        assertThat(handled).hasSize(2);
    }

    @Test
    void a_flood_of_invented_names_shares_one_limit() {
        var policy = new AdmissionPolicy(
                Optional.empty(), Optional.of(ONE_A_SECOND), 2, ConcurrencyPolicy.DEFAULT, 1, Priority.NORMAL);
        var admission = admission(policy);
        for (int i = 0; i < 1000; i++) {
            make(admission, by("caller-" + i), handler);
        }
        assertThat(handled).hasSize(3);
    }

    @Test
    void all_callers_share_a_rate_limit_and_a_refusal_contains_the_time_to_retry() {
        var admission = admission(AdmissionPolicy.DEFAULT.withRateLimit(ONE_A_SECOND));
        make(admission, by("ada"), handler);
        Fault fault = refusal(make(admission, by("bob"), handler));
        assertThat(fault.message()).isEqualTo("the rate limit of test is reached");
        assertThat(fault.retryAfter()).contains(SECOND);
    }

    @Test
    void a_caller_over_its_own_limit_takes_no_permit_of_the_shared_limit() {
        var admission = admission(AdmissionPolicy.DEFAULT
                .withRateLimit(new RateLimitPolicy(1, SECOND, 2, Duration.ZERO, Duration.ZERO))
                .withRateLimitPerCaller(ONE_A_SECOND));
        make(admission, by("ada"), handler);
        for (int i = 0; i < 10; i++) {
            refusal(make(admission, by("ada"), handler));
        }
        make(admission, by("bob"), handler);
        assertThat(handled).hasSize(2);
    }

    @Test
    void a_call_waits_for_a_permit_but_not_beyond_its_deadline() {
        var waiting = ONE_A_SECOND.withWaitMax(Duration.ofMinutes(1));
        for (var policy : List.of(
                AdmissionPolicy.DEFAULT.withRateLimit(waiting),
                AdmissionPolicy.DEFAULT.withRateLimitPerCaller(waiting))) {
            var admission = admission(policy);
            long began = time.nanoTime();
            make(admission, by("ada"), handler);
            make(admission, by("ada"), handler);
            assertThat(time.nanoTime() - began).isEqualTo(SECOND.toNanos());
            Call hurried = by("ada");
            hurried = hurried.with(hurried.context().within(Deadline.after(Duration.ofMillis(999), time)));
            refusal(make(admission, hurried, handler));
            assertThat(time.nanoTime() - began).isEqualTo(SECOND.toNanos());
        }
        assertThat(handled).hasSize(4);
    }

    @Test
    void a_queued_call_waits_no_longer_than_its_deadline() throws InterruptedException {
        time.advance(Duration.ofHours(1));
        var patient = new ConcurrencyPolicy(false, 1, 5, Duration.ofHours(2));
        var admission = admission(AdmissionPolicy.DEFAULT.with(patient));
        long began = time.nanoTime();
        Call call = by("ada");
        refusal(during(admission, List.of(Priority.NORMAL), () -> make(admission, call, handler)));
        assertThat(time.nanoTime()).isEqualTo(call.context().deadline().atNanos());
        assertThat(time.nanoTime() - began).isEqualTo(Duration.ofSeconds(5).toNanos());
    }

    /** Makes calls one after the other, and returns the admission. */
    private Admission after(AdmissionPolicy policy, Duration callTakes, ServiceResponse<?> answer) {
        var admission = admission(policy);
        for (int i = 0; i < 50; i++) {
            make(admission, by("ada"), _ -> {
                time.advance(callTakes);
                return answer;
            });
        }
        assertThat(admission.concurrency().inFlight()).isZero();
        return admission;
    }

    @Test
    void an_adaptive_limit_does_not_count_the_wait_for_a_rate_limit_as_latency() {
        var narrow = new RateLimitPolicy(1, Duration.ofSeconds(2), 1, SECOND.multipliedBy(5), Duration.ZERO);
        for (var policy : List.of(
                AdmissionPolicy.DEFAULT.withRateLimit(narrow),
                AdmissionPolicy.DEFAULT.withRateLimitPerCaller(narrow))) {
            time.advance(Duration.ofHours(1));
            var quick = Duration.ofMillis(500);
            assertThat(after(policy, quick, ServiceResponse.ok("done"))
                            .concurrency()
                            .lastSample())
                    .hasValueSatisfying(mean -> assertThat(mean).isBetween(quick.minusMillis(1), quick));
        }
    }

    @Test
    void calls_that_another_service_refused_do_not_count_W9() {
        for (Code code : List.of(Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE)) {
            var refused = ServiceResponse.failed(code, "the database is away");
            assertThat(after(AdmissionPolicy.DEFAULT, SECOND, refused)
                            .concurrency()
                            .lastSample())
                    .as("%s", code)
                    .isEmpty();
        }
    }

    @Test
    void a_server_limits_adaptively_by_default_W9() {
        assertThat(admission(AdmissionPolicy.DEFAULT).concurrency().adaptive()).isTrue();
    }

    @Test
    void the_description_lists_all_limits() {
        String newLine = System.lineSeparator();
        assertThat(admission(AdmissionPolicy.DEFAULT).describe())
                .isEqualTo(String.join(
                        newLine,
                        "each caller  no rate limit",
                        "all callers  no rate limit",
                        "concurrency  adaptive, up to 1000 calls at a time, queue of 100 for up to 0.1s",
                        "abandoned    up to 100 handlers of an operation run on after their calls",
                        "priority     up to normal for unauthenticated callers"));
        assertThat(admission(AdmissionPolicy.DEFAULT.withRateLimit(ONE_A_SECOND))
                        .describe())
                .contains("all callers  1 per 1s, burst 1, no wait");
    }

    @Test
    void a_call_that_waits_for_the_permit_of_an_abandoned_one_is_refused_if_no_more_may_run_on() throws Exception {
        var oneWaits = new ConcurrencyPolicy(false, 1, 1, Duration.ofMinutes(1));
        AdmissionPolicy usual = AdmissionPolicy.DEFAULT;
        var admission = new Admission(
                new ServiceName("test"),
                new AdmissionPolicy(
                        Optional.empty(), Optional.empty(), usual.callersMax(), oneWaits, 1, usual.priorityMax()),
                Time.system());
        Call first = cancelable(Time.system());
        var waited = new CompletableFuture<ServiceResponse<?>>();
        admission.handle(first, _ -> {
            Thread.startVirtualThread(() -> waited.complete(make(admission, cancelable(Time.system()), handler)));
            while (admission.concurrency().queued() == 0) {
                Thread.onSpinWait();
            }
            first.context().cancellation().cancel(Fault.of(Code.CANCELED, "the client left"));
            Fault fault = refusal(waited.join());
            assertThat(fault.message()).contains("run on after their calls have ended");
            assertThat(admission.concurrency().inFlight()).isZero();
            return ServiceResponse.<Object>ok("late");
        });
        assertThat(handled).isEmpty();
        make(admission, cancelable(Time.system()), handler);
        assertThat(handled).hasSize(1);
    }

    @Test
    void a_full_server_refuses_on_the_system_clock_too() throws InterruptedException {
        var admission = new Admission(
                new ServiceName("test"), AdmissionPolicy.DEFAULT.with(ConcurrencyPolicy.fixed(1)), Time.system());
        Call call = Fixtures.call(Fixtures.WRITE, Time.system());
        refusal(admission.handle(call, _ -> make(admission, call, handler)));
        admission.handle(call, handler);
        assertThat(handled).hasSize(1);
    }

    @Test
    void changed_limits_keep_the_rates_and_permits_that_still_fit() throws InterruptedException {
        AdmissionPolicy slow = AdmissionPolicy.DEFAULT.withRateLimit(ONE_A_SECOND);
        var admission = new Admission(new ServiceName("test"), slow, "A", time);
        Call first = by("shop");
        assertThat(admission.handle(first, handler)).isInstanceOf(ServiceResponse.Ok.class);
        assertThat(first.context().record().settings()).isEqualTo("A");

        admission.reconfigure(slow.with(ConcurrencyPolicy.fixed(1)), "B");
        refusal(admission.handle(by("shop"), handler)); // the rate is that of before, and used up

        admission.reconfigure(AdmissionPolicy.DEFAULT.with(ConcurrencyPolicy.fixed(1)), "C");
        Call running = by("shop");
        admission.handle(running, call -> {
            admission.reconfigure(AdmissionPolicy.DEFAULT.with(ConcurrencyPolicy.fixed(2)), "D");
            assertThat(call.context().record().settings()).isEqualTo("C");
            assertThat(admission.concurrency().inFlight()).isEqualTo(1);
            return during(admission, List.of(Priority.NORMAL), () -> {
                refusal(make(admission, by("shop"), handler)); // the running call counts against the new limit
                return ServiceResponse.ok("done");
            });
        });
    }

    @Test
    void its_gate_refuses_what_would_be_refused_at_once_and_takes_nothing() throws InterruptedException {
        Principal alice = Principal.proven("alice", Principal.Proof.TOKEN);
        Admission perCaller = admission(AdmissionPolicy.DEFAULT.withRateLimitPerCaller(ONE_A_SECOND));
        for (int i = 0; i < 3; i++) {
            assertThat(perCaller.refuse(alice)).isNull();
        }
        assertThat(make(perCaller, by(alice, Priority.NORMAL), handler).succeeded())
                .isTrue();
        assertThat(perCaller.refuse(alice)).isEqualTo(refusal(make(perCaller, by(alice, Priority.NORMAL), handler)));
        assertThat(perCaller.refuse(Principal.claimed("alice"))).isNull();
        assertThat(perCaller.refuseAll()).isNull();

        Admission all = admission(AdmissionPolicy.DEFAULT.withRateLimit(ONE_A_SECOND));
        assertThat(all.refuseAll()).isNull();
        make(all, by("bob"), handler);
        assertThat(all.refuseAll()).isEqualTo(refusal(make(all, by("bob"), handler)));

        Admission busy = admission(
                AdmissionPolicy.DEFAULT.with(ConcurrencyPolicy.fixed(1).withQueue(0)));
        assertThat(busy.refuseAll()).isNull();
        during(busy, List.of(Priority.NORMAL), () -> {
            assertThat(busy.refuseAll()).isEqualTo(refusal(make(busy, by("bob"), handler)));
            return ServiceResponse.<Object>ok("done");
        });
        assertThat(busy.refuseAll()).isNull();
    }
}
