package dev.treaty.registry.server;

import static dev.treaty.registry.Instances.STARTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.security.Decision;
import dev.treaty.core.time.ManualTime;
import dev.treaty.registry.EndpointPolicy;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtection;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.RegistryProtocol.Health;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.Lease;
import dev.treaty.registry.RegistryQuotas;
import dev.treaty.security.AccessPolicy;
import dev.treaty.security.AccessRules;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is tried to steal the traffic of a service, or to stop it, through a registry with security. */
class RegistryTheftTest {
    private static final ServiceName PAYMENTS = new ServiceName("shop.Payments");
    private static final String TOKEN = "the-token-of-payments";

    private static final Principal OWNER = certificate("shop.Payments");
    private static final Principal THIEF = certificate("shop.Web");
    private static final Principal OPERATOR =
            new Principal("alice", Principal.Proof.TOKEN, Set.of(AccessRules.OPERATOR), Map.of());

    private final ManualTime time = new ManualTime(STARTED);
    private final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, new Random(1));
    private final RegistryService registry = service(table);

    private RegistryService service(RegistryTable of) {
        var protection = new RegistryProtection(
                rules(new AccessRules(AccessPolicy.DEFAULT)), new RegistryQuotas(5, 2), EndpointPolicy.DEFAULT);
        return new RegistryService(of, protection, time, Events.NONE);
    }

    private static AccessControl rules(AccessRules rules) {
        return new AccessControl() {
            @Override
            public boolean enforced() {
                return true;
            }

            @Override
            public Authentication authenticate(Credentials credentials) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Decision authorize(Principal caller, String resource, String action) {
                return rules.authorize(caller, resource, action);
            }
        };
    }

    private static Principal certificate(String name) {
        return Principal.proven(name, Principal.Proof.CERTIFICATE);
    }

    @AfterEach
    void close() {
        registry.close();
    }

    @FunctionalInterface
    private interface Request<T> {
        T send() throws InterruptedException;
    }

    private <T> T as(Principal caller, Request<T> request) throws InterruptedException {
        return as(caller, "10.0.0.7", request);
    }

    private <T> T as(Principal caller, String address, Request<T> request) throws InterruptedException {
        CallContext next = CallContext.next(caller, time, new Random(1));
        var context = new CallContext(
                Deadline.after(Duration.ofSeconds(10), time),
                caller,
                next.trace(),
                1,
                next.priority(),
                false,
                next.headers(),
                next.outgoing(),
                next.record(),
                next.cancellation(),
                Optional.of(InetAddress.ofLiteral(address)));
        return context.run(request::send);
    }

    private void refused(Code code, Principal caller, Request<?> request) {
        assertThatThrownBy(() -> as(caller, request))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private void denied(Principal caller, Request<?> request) {
        refused(Code.PERMISSION_DENIED, caller, request);
    }

    private static Instance instance(ServiceName service, String id, String host) {
        var endpoint = new ServiceEndpoint("http", host, 8443);
        return Instance.of(ServiceInstance.of(id, service, new Version(1, 0, 0), endpoint, STARTED)
                .withHealth(ServiceHealth.of(ServiceHealth.Status.PASSING, STARTED)));
    }

    private static Instance payments(String id) {
        return instance(PAYMENTS, id, "10.0.0.5");
    }

    private void registered(String id) throws InterruptedException {
        as(OWNER, () -> registry.register(payments(id), TOKEN, 10_000));
    }

    private static Request<Void> act(Action action) {
        return () -> {
            action.run();
            return null;
        };
    }

    @FunctionalInterface
    private interface Action {
        void run() throws InterruptedException;
    }

    private List<Instance> listed() throws InterruptedException {
        return as(THIEF, () -> registry.instances(PAYMENTS.value(), "", 100, Optional.empty()));
    }

    private static String contract(String service) {
        ServiceContract like = ServiceContract.of(RegistryProtocol.class);
        return new ServiceContract(
                        new ServiceName(service), new Version(1, 0, 0), "", like.capabilities(), like.operations())
                .text();
    }

    @Test
    void another_identity_registers_no_fake_instance_and_an_anonymous_caller_none() throws InterruptedException {
        registered("p1");
        denied(THIEF, () -> registry.register(payments("fake"), "another-token", 10_000));
        denied(Principal.ANONYMOUS, () -> registry.register(payments("fake"), "another-token", 10_000));
        denied(Principal.claimed("shop.Payments"), () -> registry.register(payments("fake"), "another-token", 10_000));
        Principal user = Principal.proven("shop.Payments", Principal.Proof.TOKEN); // of whatever provider
        denied(user, () -> registry.register(payments("fake"), "another-token", 10_000));
        assertThatThrownBy(() -> registry.register(payments("fake"), "another-token", 10_000))
                .as("without a context")
                .isInstanceOf(ServiceException.class);
        assertThat(listed()).extracting(Instance::id).containsExactly("p1");
        for (String prefix : List.of("shop.Pay", "sho", "shop.Payments.More", "Shop.Payments", "shop.")) {
            denied(certificate(prefix), () -> registry.register(payments("fake"), "another-token", 10_000));
        }
        as(certificate("shop"), () -> registry.register(payments("p2"), "another-token", 10_000));
        assertThat(listed()).extracting(Instance::id).containsExactly("p1", "p2");
    }

    @Test
    void a_stolen_lease_token_is_of_no_use_to_another_identity() throws InterruptedException {
        registered("p1");
        var lease = List.of(new Lease("p1", TOKEN));
        assertThat(as(THIEF, () -> registry.renew(lease)).unknown()).containsExactly("p1");
        denied(THIEF, () -> registry.register(instance(PAYMENTS, "p1", "10.6.6.6"), TOKEN, 10_000));
        denied(THIEF, act(() -> registry.deregister("p1", TOKEN)));
        denied(THIEF, () -> registry.heard("p1", TOKEN, 0));
        var critical = Health.of(ServiceHealth.of(ServiceHealth.Status.CRITICAL, STARTED));
        denied(THIEF, act(() -> registry.report("p1", TOKEN, critical)));

        Principal peer = certificate("shop"); // may register the service, and has not registered this instance
        assertThat(as(peer, () -> registry.renew(lease)).unknown()).containsExactly("p1");
        refused(
                Code.ALREADY_EXISTS,
                peer,
                () -> registry.register(instance(PAYMENTS, "p1", "10.6.6.6"), TOKEN, 10_000));
        denied(peer, act(() -> registry.deregister("p1", TOKEN)));
        denied(peer, act(() -> registry.report("p1", TOKEN, critical)));

        assertThat(as(OWNER, () -> registry.renew(lease)).unknown()).isEmpty();
        denied(OWNER, act(() -> registry.deregister("p1", "another-token")));
        assertThat(listed()).singleElement().satisfies(each -> {
            assertThat(each.host()).isEqualTo("10.0.0.5");
            assertThat(each.health().orElseThrow().status()).isEqualTo(ServiceHealth.Status.PASSING);
        });
    }

    @Test
    void the_identity_of_a_lease_survives_a_restart_and_a_lease_without_one_gets_it_with_the_next_registration()
            throws InterruptedException {
        registered("p1");
        var restored = new RegistryTable(RegistryLimits.STANDARD, new Random(2));
        for (RegistryTable.Entry entry : table.journal(_ -> {})) {
            byte[] record = JournalFormat.record(entry);
            var file = new ByteArrayOutputStream();
            file.writeBytes(JournalFormat.HEADER);
            file.writeBytes(record);
            entries(file.toByteArray()).forEach(read -> restored.restore(read, time.nanoTime(), time.instant()));
        }
        restored.register(payments("old").read(STARTED), TOKEN, Duration.ofSeconds(10), time.nanoTime(), STARTED);
        try (var again = service(restored)) {
            Principal peer = certificate("shop");
            assertThat(as(peer, () -> again.renew(List.of(new Lease("p1", TOKEN), new Lease("old", TOKEN))))
                            .unknown())
                    .containsExactly("p1");
            as(OWNER, () -> again.register(payments("old"), TOKEN, 10_000));
            assertThat(as(peer, () -> again.renew(List.of(new Lease("old", TOKEN))))
                            .unknown())
                    .containsExactly("old");
            assertThat(as(OWNER, () -> again.renew(List.of(new Lease("p1", TOKEN), new Lease("old", TOKEN))))
                            .unknown())
                    .isEmpty();
        }
    }

    private static List<RegistryTable.Entry> entries(byte[] file) {
        try {
            var contents = JournalFormat.read("test", file);
            assertThat(contents.unreadable()).isEmpty();
            return contents.entries();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void what_operators_do_is_denied_to_services_and_to_strangers() throws InterruptedException {
        registered("p1");
        as(OWNER, act(() -> registry.publish(contract("shop.Payments"), false)));
        for (Principal stranger : List.of(THIEF, OWNER, Principal.ANONYMOUS, Principal.claimed("alice"))) {
            denied(stranger, () -> registry.drain("p1", true, 0));
            denied(stranger, act(() -> registry.publish(contract("shop.Payments"), true)));
            denied(stranger, act(() -> registry.withdraw("shop.Payments", "1.0.0")));
            denied(stranger, () -> registry.replaceSettings(0, 1, "{}"));
        }
        denied(THIEF, act(() -> registry.publish(contract("shop.Payments"), false)));
        assertThat(listed().getFirst().health().orElseThrow().status()).isEqualTo(ServiceHealth.Status.PASSING);

        as(OPERATOR, () -> registry.drain("p1", true, 0));
        assertThat(listed().getFirst().health().orElseThrow().status()).isEqualTo(ServiceHealth.Status.DRAINING);
        as(OPERATOR, act(() -> registry.publish(contract("shop.Payments"), true)));
        assertThat(as(OPERATOR, () -> registry.replaceSettings(0, 1, "{}"))).isTrue();
        as(OWNER, act(() -> registry.deregister("p1", TOKEN)));
        as(OPERATOR, act(() -> registry.withdraw("shop.Payments", "1.0.0")));
    }

    @Test
    void nothing_is_read_without_credentials() throws InterruptedException {
        registered("p1");
        Principal anonymous = Principal.ANONYMOUS;
        denied(anonymous, () -> registry.instances(PAYMENTS.value(), "", 10, Optional.empty()));
        denied(anonymous, () -> registry.renewals(PAYMENTS.value(), "", 10));
        denied(anonymous, () -> registry.contract(PAYMENTS.value()));
        denied(anonymous, () -> registry.contracts(PAYMENTS.value(), ""));
        denied(anonymous, () -> registry.watch(Map.of(PAYMENTS.value(), 0L), "", 0, ""));
        denied(anonymous, () -> registry.settings("", 0));
        denied(anonymous, registry::overview);
        assertThat(as(anonymous, registry::services)).isEmpty();
        assertThat(as(THIEF, registry::services)).containsExactly(PAYMENTS.value());
    }

    @Test
    void one_identity_does_not_end_or_acknowledge_the_watches_of_another() throws InterruptedException {
        registered("p1");
        Map<String, Long> all = Map.of(PAYMENTS.value(), 0L);
        var news = as(certificate("shop.Cart"), () -> registry.watch(all, "", 0, "watcher-of-cart"));
        as(OPERATOR, () -> registry.drain("p1", true, 0));
        Map<String, Long> newest = Map.of(PAYMENTS.value(), Long.MAX_VALUE);
        as(THIEF, () -> registry.watch(newest, news.epoch(), 0, "watcher-of-cart")); // claims to know it
        as(THIEF, () -> registry.watch(Map.of(), "", 0, "watcher-of-cart")); // claims to be gone
        assertThat(as(OWNER, () -> registry.heard("p1", TOKEN, 0)).missing()).isEqualTo(1);
    }

    @Test
    void a_flood_of_one_identity_leaves_room_for_others() throws InterruptedException {
        Principal flooder = certificate("flood");
        for (int i = 0; i < 5; i++) {
            Instance next = instance(new ServiceName("flood.S" + i), "f" + i, "10.0.0.6");
            as(flooder, () -> registry.register(next, TOKEN, 10_000));
        }
        Instance more = instance(new ServiceName("flood.More"), "more", "10.0.0.6");
        refused(Code.RESOURCE_EXHAUSTED, flooder, () -> registry.register(more, TOKEN, 10_000));
        as(flooder, act(() -> registry.publish(contract("flood.A"), false)));
        as(flooder, act(() -> registry.publish(contract("flood.B"), false)));
        refused(Code.RESOURCE_EXHAUSTED, flooder, act(() -> registry.publish(contract("flood.C"), false)));
        as(flooder, act(() -> registry.publish(contract("flood.B"), false)));

        for (int i = 0; i < 5; i++) {
            registered("p" + i);
        }
        as(OWNER, act(() -> registry.publish(contract("shop.Payments"), false)));
        assertThat(listed()).hasSize(5);
        as(flooder, act(() -> registry.deregister("f0", TOKEN)));
        as(flooder, () -> registry.register(more, TOKEN, 10_000)); // what is gone does not count
    }

    @Test
    void instances_have_no_addresses_that_clients_should_not_connect_to() throws InterruptedException {
        for (String host :
                List.of("169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "127.0.0.1", "localhost")) {
            refused(
                    Code.INVALID_ARGUMENT,
                    OWNER,
                    () -> registry.register(instance(PAYMENTS, "p1", host), TOKEN, 10_000));
        }
        assertThat(listed()).isEmpty();
        refused(
                Code.INVALID_ARGUMENT,
                OWNER,
                () -> as(
                        OWNER,
                        "127.0.0.1",
                        () -> registry.register(instance(PAYMENTS, "p1", "169.254.169.254"), TOKEN, 9)));
        as(OWNER, "127.0.0.1", () -> registry.register(instance(PAYMENTS, "p1", "127.0.0.1"), TOKEN, 10_000));
        assertThat(listed()).hasSize(1);
    }
}
