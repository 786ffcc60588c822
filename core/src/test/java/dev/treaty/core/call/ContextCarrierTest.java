package dev.treaty.core.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.time.Time;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ContextCarrierTest {
    private static final ScopedValue<String> TENANT = ScopedValue.newInstance();
    private static final ScopedValue<String> USER = ScopedValue.newInstance();
    private static final ContextCarrier BOTH = ContextCarrier.of(TENANT, USER);

    private static String both() {
        return TENANT.orElse("none") + " " + USER.orElse("none");
    }

    @Test
    void scoped_values_that_are_bound_are_carried_G9() {
        CompletableFuture<String> one =
                ScopedValue.where(TENANT, "shop").call(() -> AsyncCall.start("one", BOTH, ContextCarrierTest::both));
        assertThat(one.join()).isEqualTo("shop none");
        CompletableFuture<String> two = ScopedValue.where(TENANT, "shop")
                .where(USER, "ann")
                .call(() -> AsyncCall.start("two", BOTH, ContextCarrierTest::both));
        assertThat(two.join()).isEqualTo("shop ann");
    }

    @Test
    void the_context_of_the_call_needs_no_carrier_G9() {
        var context = CallContext.next(Principal.claimed("caller"), Time.system(), new Random(1));
        CompletableFuture<CallContext> seen = context.run(() -> AsyncCall.start(
                "call", ContextCarrier.NONE, () -> CallContext.current().orElseThrow()));
        assertThat(seen.join()).isSameAs(context);
    }

    @Test
    void what_a_carrier_throws_fails_the_call_G9() {
        var broken = new IllegalStateException("broken");
        ContextCarrier failing = _ -> () -> {
            throw broken;
        };
        CompletableFuture<String> future = AsyncCall.start("call", failing, () -> "never");
        assertThatThrownBy(future::join).hasCause(broken);
    }

    @Test
    void an_error_of_the_body_completes_the_future_G5() {
        var error = new AssertionError("broken");
        CompletableFuture<String> future = AsyncCall.start("call", ContextCarrier.NONE, () -> {
            throw error;
        });
        assertThatThrownBy(future::join).hasCause(error);
    }

    @Test
    void a_future_that_is_completed_first_interrupts_its_body_G14() throws InterruptedException {
        var interrupted = new CountDownLatch(1);
        CompletableFuture<String> future = AsyncCall.start("call", ContextCarrier.NONE, () -> {
            try {
                new CountDownLatch(1).await();
                return "never";
            } finally {
                interrupted.countDown();
            }
        });
        assertThatThrownBy(future.orTimeout(1, TimeUnit.MILLISECONDS)::join).isInstanceOf(RuntimeException.class);
        interrupted.await();
    }

    @Test
    void a_carrier_that_drops_the_body_fails_the_call_G9() {
        CompletableFuture<String> future = AsyncCall.start("call", _ -> () -> {}, () -> "never");
        assertThatThrownBy(future::join).hasRootCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_carrier_that_runs_the_body_again_runs_it_once_G9() throws InterruptedException {
        var runs = new AtomicInteger();
        var ended = new CountDownLatch(1);
        ContextCarrier twice = body -> () -> {
            body.run();
            body.run();
            ended.countDown();
        };
        assertThat(AsyncCall.start("call", twice, runs::incrementAndGet).join()).isEqualTo(1);
        ended.await();
        assertThat(runs).hasValue(1);
    }
}
