package dev.treaty.registry.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.simulation.Polling;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

/** The DNS server with another DNS client, and the DNS registry with this server. */
class DnsTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private final Treaty registered = Treaty.open();
    private final InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private final DnsServer server = new DnsServer(registered.registry(), anyPort, "treaty");

    @AfterEach
    void close() {
        server.close();
        registered.close();
    }

    private static ServiceInstance instance(String id, String host, int port) {
        return ServiceInstance.of(id, ORDERS, new Version(1, 0, 0), new ServiceEndpoint("http", host, port), STARTED)
                .withHealth(ServiceHealth.of(Status.PASSING, STARTED));
    }

    private Message ask(String name, int type, boolean tcp) throws IOException {
        var resolver = new SimpleResolver(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        resolver.setTCP(tcp);
        resolver.setIgnoreTruncation(true);
        return resolver.send(Message.newQuery(Record.newRecord(Name.fromString(name), type, DClass.IN)));
    }

    @Test
    void instances_that_accept_calls_have_addresses_and_ports() throws IOException {
        registered.registry().register(instance("a", "127.0.0.1", 8080));
        registered.registry().register(instance("b", "127.0.0.2", 8081));
        registered.registry().register(instance("c", "127.0.0.3", 8082)).drain();

        for (boolean tcp : new boolean[] {false, true}) {
            assertThat(ask("shop.orders.treaty.", Type.A, tcp).getSection(Section.ANSWER))
                    .extracting(Record::rdataToString)
                    .containsExactlyInAnyOrder("127.0.0.1", "127.0.0.2");
            Message services = ask("SHOP.Orders.Treaty.", Type.SRV, tcp);
            assertThat(services.getHeader().getFlag(Flags.AA)).isTrue();
            assertThat(services.getSection(Section.ANSWER))
                    .extracting(record -> ((SRVRecord) record).getPort())
                    .containsExactlyInAnyOrder(8080, 8081);
            assertThat(services.getSection(Section.ADDITIONAL))
                    .extracting(Record::rdataToString)
                    .contains("127.0.0.1", "127.0.0.2");
            assertThat(services.getSection(Section.ANSWER))
                    .allMatch(record -> record.getTTL() == DnsServer.TTL_SECONDS);
            assertThat(ask("b.shop.orders.treaty.", Type.A, tcp).getSection(Section.ANSWER))
                    .extracting(Record::rdataToString)
                    .containsExactly("127.0.0.2");
        }
    }

    @Test
    void unknown_names_and_other_zones_are_rejected() throws IOException {
        registered.registry().register(instance("a", "127.0.0.1", 8080));

        assertThat(ask("unknown.treaty.", Type.A, false).getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(ask("example.org.", Type.A, false).getRcode()).isEqualTo(Rcode.REFUSED);
        Message none = ask("shop.orders.treaty.", Type.AAAA, false);
        assertThat(none.getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(none.getSection(Section.ANSWER)).isEmpty();
        assertThat(none.getSection(Section.AUTHORITY)).hasSize(1);
    }

    private Set<String> targets(boolean tcp) throws IOException {
        Message response = ask("shop.orders.treaty.", Type.SRV, tcp);
        assertThat(response.getHeader().getFlag(Flags.TC)).isFalse();
        return response.getSection(Section.ANSWER).stream()
                .map(record -> ((SRVRecord) record).getTarget().toString())
                .collect(Collectors.toSet());
    }

    @Test
    void a_datagram_has_as_many_records_as_fit_in_random_order_R4() throws IOException {
        for (int i = 0; i < 40; i++) {
            registered.registry().register(instance("i" + i, "127.0.1." + i, 8080));
        }

        var seen = new HashSet<String>();
        for (int i = 0; i < 200 && seen.size() < 40; i++) {
            Set<String> some = targets(false);
            assertThat(some).as("in a datagram").hasSizeBetween(8, 39);
            seen.addAll(some);
        }
        assertThat(seen).hasSize(40);
        assertThat(ask("shop.orders.treaty.", Type.A, false).getSection(Section.ANSWER))
                .as("addresses all fit")
                .hasSize(40);
        assertThat(targets(true)).as("over TCP").hasSize(40);
    }

    @Test
    void two_hundred_and_fifty_instances_are_all_found_over_tcp_R4() throws IOException {
        for (int i = 0; i < 250; i++) {
            registered.registry().register(instance("Orders-" + i, "127.0.1." + i, 8080));
        }
        assertThat(targets(true)).hasSize(250);
    }

    @Test
    void a_target_names_its_instance_whatever_others_do_R4() throws IOException {
        var first = registered.registry().register(instance("a", "127.0.0.1", 8080));
        registered.registry().register(instance("B_2", "127.0.0.2", 8080));
        registered.registry().register(instance("b_2", "127.0.0.3", 8080));
        Set<String> before = targets(true);
        assertThat(before).hasSize(3).contains("a.shop.orders.treaty.");
        first.close();
        registered.registry().register(instance("0", "127.0.0.4", 8080));

        for (String target : targets(true)) {
            List<Record> addresses = ask(target, Type.A, false).getSection(Section.ANSWER);
            assertThat(addresses).as(target).hasSize(1);
            assertThat(target.equals("0.shop.orders.treaty."))
                    .isEqualTo(addresses.getFirst().rdataToString().equals("127.0.0.4"));
        }
        assertThat(targets(true))
                .hasSize(3)
                .containsAll(
                        before.stream().filter(name -> !name.startsWith("a.")).toList());
        assertThat(ask("a.shop.orders.treaty.", Type.A, false).getRcode()).isEqualTo(Rcode.NXDOMAIN);
    }

    @Test
    void connections_are_limited_and_invalid_input_does_not_affect_others() throws IOException {
        registered.registry().register(instance("a", "127.0.0.1", 8080));
        var sockets = new Socket[DnsServer.CONNECTIONS_MAX + 8];
        for (int i = 0; i < sockets.length; i++) {
            sockets[i] = new Socket(InetAddress.getLoopbackAddress(), server.port());
        }
        sockets[0].getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(sockets[sockets.length - 1].getInputStream().read())
                .as("the end of the stream")
                .isEqualTo(-1);
        for (Socket socket : sockets) {
            socket.close();
        }
        Polling.until(() -> {
            try {
                return ask("shop.orders.treaty.", Type.A, true).getRcode() == Rcode.NOERROR;
            } catch (IOException e) {
                return false;
            }
        });
    }

    /** A service that DNS finds. */
    @Contract(name = "test.Names", version = "1.0.0")
    public interface Names {
        /** Returns a name. */
        @Idempotent
        String name();
    }

    @Test
    void calls_follow_changes_in_dns() {
        registered.serve(Names.class, () -> "found by DNS");
        var settings = Settings.DEFAULTS.withRegistry(
                RegistryAddress.parse("dns://{service}.treaty?server=127.0.0.1:" + server.port()));
        try (var treaty = Treaty.open(settings)) {
            var names = treaty.client(Names.class);
            Polling.until(() -> {
                try {
                    return names.name().equals("found by DNS");
                } catch (ServiceException e) {
                    return false; // a client that has just started may not know any instance
                }
            });
            registered.registry().register(instance("a", "127.0.0.1", 8080));
            Polling.until(() -> treaty.registry().instances(ORDERS).size() == 1);

            var second = registered
                    .registry()
                    .register(instance("b", "127.0.0.2", 8081).withWeight(300));
            Polling.until(() -> treaty.registry().instances(ORDERS).size() == 2);
            assertThat(treaty.registry().instances(ORDERS).getLast().weight()).isEqualTo(300);
            second.close();
            Polling.until(() -> treaty.registry().instances(ORDERS).size() == 1);
            server.close();
            Polling.until(() -> treaty.registry().problem().isPresent());
            assertThat(treaty.registry().problem().orElseThrow()).contains("DNS did not respond");
            assertThat(treaty.registry().instances(ORDERS)).hasSize(1);
        }
    }

    @Test
    void an_unknown_name_does_not_affect_other_services() {
        var stock = new ServiceName("shop.Stock");
        registered.registry().register(instance("a", "127.0.0.1", 8080));
        var settings = Settings.DEFAULTS.withRegistry(
                RegistryAddress.parse("dns://{service}.treaty?server=127.0.0.1:" + server.port()));
        try (var treaty = Treaty.open(settings)) {
            assertThat(treaty.registry().instances(stock)).isEmpty();
            Polling.until(() -> treaty.registry().instances(ORDERS).size() == 1);
            registered.registry().register(instance("b", "127.0.0.2", 8081));
            Polling.until(() -> treaty.registry().instances(ORDERS).size() == 2);

            Polling.until(() -> treaty.registry().problem(ORDERS).isEmpty()
                    && treaty.registry().problem(stock).isPresent());
            assertThat(treaty.registry().problem(stock))
                    .get()
                    .asString()
                    .contains(
                            "cannot list the instances of shop.Stock", "shop.stock.treaty. has no SRV records in DNS");
            assertThat(treaty.registry().problem()).isEqualTo(treaty.registry().problem(stock));

            var endpoint = new ServiceEndpoint("http", "127.0.0.3", 8082);
            registered
                    .registry()
                    .register(ServiceInstance.of("c", stock, new Version(1, 0, 0), endpoint, STARTED)
                            .withHealth(ServiceHealth.of(Status.PASSING, STARTED)));
            Polling.until(() -> treaty.registry().instances(stock).size() == 1);
            Polling.until(() -> treaty.registry().problem().isEmpty());
        }
    }

    @Test
    void addresses_without_srv_records_need_a_port_and_registration_is_rejected() {
        registered.registry().register(instance("a", "127.0.0.1", 8080));
        var address = RegistryAddress.parse("dns://a.{service}.treaty:9090?server=127.0.0.1:" + server.port());
        try (var treaty = Treaty.open(Settings.DEFAULTS.withRegistry(address))) {
            var refused = new AtomicReference<IllegalArgumentException>();
            var tries = new AtomicInteger();
            // a late rejection is not thrown
            Polling.until(() -> {
                try {
                    treaty.registry().register(instance("b" + tries.incrementAndGet(), "127.0.0.1", 1));
                    return false;
                } catch (IllegalArgumentException e) {
                    refused.set(e);
                    return true;
                }
            });
            assertThat(refused.get())
                    .hasMessageContaining("it can only be read")
                    .hasMessageContaining("add a record");
            assertThat(treaty.registry().settings().read()).isEqualTo(Stored.NONE);
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> treaty.registry().settings().replace(0, "{}"))
                    .withMessageContaining("the registry dns://a.{service}.treaty:9090")
                    .withMessageContaining("keeps no central settings: edit treaty.yaml");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> DnsAddress.parse((RegistryAddress.Provided) RegistryAddress.parse("dns://name:99999")))
                .withMessageContaining("write dns://name");
    }
}
