package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Cancellation;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.fixtures.Shop;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The client calls the server over a real socket. */
class RoundTripTest {
    private static final Shop.Order ORDER = new Shop.Order(
            "42",
            Shop.Status.PAID,
            List.of(new Shop.Line("tea", 2)),
            new Shop.Invoice("Acme", Optional.of("ref \"ä\" \uD83D\uDE00")));

    private final Running running = new Running();
    private final Shop client = running.client();

    @AfterEach
    void close() {
        running.close();
    }

    @Test
    void every_kind_of_operation_can_be_called() {
        assertThat(client.last()).isEmpty();
        assertThat(client.place(ORDER)).isEqualTo(new Shop.OrderId("42"));
        assertThat(client.get(new Shop.OrderId("42"))).isEqualTo(ORDER);
        assertThat(client.find("4", Optional.of(Shop.Status.PAID), 5)).containsExactly(ORDER);
        assertThat(client.find("4", Optional.of(Shop.Status.NEW), 5)).isEmpty();
        assertThat(client.lines(new Shop.OrderId("42"), null))
                .isEqualTo(new Shop.Page<>(ORDER.lines(), Optional.empty()));
        assertThat(client.lines(new Shop.OrderId("42"), "b").next()).contains("b");
        assertThat(client.last()).contains(new Shop.OrderId("42"));
        assertThat(client.count(Set.of())).isEqualTo(OptionalInt.empty());
        assertThat(client.count(Set.of(Shop.Status.NEW, Shop.Status.PAID))).hasValue(2);
        assertThat(client.pay(new Shop.Card("1"))).isEqualTo(new Shop.Card("1"));
        client.cancel(new Shop.OrderId("42"));
        assertThat(client.last()).isEmpty();
    }

    @Test
    void faults_keep_their_code_message_and_retry_delay() {
        assertThatThrownBy(() -> client.get(new Shop.OrderId("1")))
                .isInstanceOfSatisfying(
                        ServiceException.class,
                        e -> assertThat(e.fault()).isEqualTo(Fault.of(Code.NOT_FOUND, "there is no order 1")));
        assertThatThrownBy(() -> client.get(new Shop.OrderId("busy")))
                .isInstanceOfSatisfying(
                        ServiceException.class,
                        e -> assertThat(e.fault())
                                .isEqualTo(Fault.of(Code.RESOURCE_EXHAUSTED, "too many requests")
                                        .retryAfter(Duration.ofSeconds(3))));
    }

    @Test
    void exceptions_of_a_service_do_not_leak() {
        assertThatThrownBy(() -> client.get(new Shop.OrderId("bug")))
                .isInstanceOfSatisfying(ServiceException.class, e -> {
                    assertThat(e.code()).isEqualTo(Code.INTERNAL);
                    assertThat(e.fault().reached()).isTrue();
                    assertThat(e.getMessage()).contains("shop.Orders/get").doesNotContain("secret text");
                });
        assertThat(running.failures).singleElement().isInstanceOf(IllegalStateException.class);
    }

    @Test
    void clients_without_the_contract_use_maps() throws InterruptedException {
        client.place(ORDER);
        var call = new Call(
                Running.CONTRACT.name(),
                Operation.unknown("get"),
                List.of(Map.of("id", "42")),
                Running.context(Duration.ofMinutes(1)));
        assertThat(running.connection.handle(call).orThrow())
                .isEqualTo(Map.of(
                        "id",
                        "42",
                        "status",
                        "PAID",
                        "lines",
                        List.of(Map.of("sku", "tea", "quantity", 2)),
                        "payment",
                        Map.of("kind", "Invoice", "company", "Acme", "reference", "ref \"ä\" \uD83D\uDE00")));
    }

    @Test
    void an_invalid_map_is_rejected_by_the_typed_server() throws InterruptedException {
        var call = new Call(
                Running.CONTRACT.name(),
                Operation.unknown("get"),
                List.of(Map.of("id", 42)),
                Running.context(Duration.ofMinutes(1)));
        assertThat(running.connection.handle(call))
                .isEqualTo(ServiceResponse.failed(Fault.unreached(
                        Code.INVALID_ARGUMENT,
                        "request of shop.Orders/get: field \"id\" must be a string, not a number")));
    }

    @Test
    void the_context_is_propagated() throws InterruptedException {
        var seen = new AtomicReference<CallContext>();
        running.host(call -> {
            seen.set(call.context());
            return ServiceResponse.<Object>ok(Optional.empty());
        });
        CallContext sent = new CallContext(
                Running.context(Duration.ofMinutes(1)).deadline(),
                Principal.proven("Jürgen 100%", Principal.Proof.TOKEN),
                Running.context(Duration.ofMinutes(1)).trace(),
                3,
                Priority.SHEDDABLE,
                true,
                Headers.of("x-tenant", "acme"),
                Headers.of("x-other", "not sent"),
                Running.context(Duration.ofMinutes(1)).record(),
                new Cancellation());
        Operation last = Running.CONTRACT.operation("last").orElseThrow();

        running.connection
                .handle(new Call(Running.CONTRACT.name(), last, List.of(), sent))
                .orThrow();

        CallContext got = seen.get();
        assertThat(got.caller()).isEqualTo(Principal.claimed("Jürgen 100%"));
        assertThat(got.trace()).isEqualTo(sent.trace());
        assertThat(got.attempt()).isEqualTo(3);
        assertThat(got.priority()).isEqualTo(Priority.SHEDDABLE);
        assertThat(got.headers()).isEqualTo(Headers.of("x-tenant", "acme"));
        assertThat(got.mirrored()).isTrue();
        assertThat(got.deadline().atNanos() - sent.deadline().atNanos())
                .isBetween(
                        -Duration.ofMillis(2).toNanos(), Duration.ofSeconds(50).toNanos());
    }
}
