package dev.treaty.registry.dns;

import static org.assertj.core.api.Assertions.assertThat;
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
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
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

/** Our DNS server asked by a DNS client, and our DNS client asking it. */
class DnsTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private final Treaty known = Treaty.open();
    private final InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private final DnsServer server = new DnsServer(known.registry(), anywhere, "treaty");

    @AfterEach
    void close() {
        server.close();
        known.close();
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

    private static void await(BooleanSupplier reached) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end).isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void instances_that_take_calls_have_addresses_and_ports() throws IOException {
        known.registry().register(instance("a", "127.0.0.1", 8080));
        known.registry().register(instance("b", "127.0.0.2", 8081));
        known.registry().register(instance("c", "127.0.0.3", 8082)).drain();

        for (boolean tcp : new boolean[] {false, true}) {
            assertThat(ask("shop.orders.treaty.", Type.A, tcp).getSection(Section.ANSWER))
                    .extracting(Record::rdataToString)
                    .containsExactly("127.0.0.1", "127.0.0.2");
            Message services = ask("SHOP.Orders.Treaty.", Type.SRV, tcp);
            assertThat(services.getHeader().getFlag(Flags.AA)).isTrue();
            assertThat(services.getSection(Section.ANSWER))
                    .extracting(record -> ((SRVRecord) record).getPort())
                    .containsExactly(8080, 8081);
            assertThat(services.getSection(Section.ADDITIONAL))
                    .extracting(Record::rdataToString)
                    .contains("127.0.0.1", "127.0.0.2");
            assertThat(services.getSection(Section.ANSWER))
                    .allMatch(record -> record.getTTL() == DnsServer.TTL_SECONDS);
            var own = ((SRVRecord) services.getSection(Section.ANSWER).get(1)).getTarget();
            assertThat(ask(own.toString(), Type.A, tcp).getSection(Section.ANSWER))
                    .extracting(Record::rdataToString)
                    .containsExactly("127.0.0.2");
        }
    }

    @Test
    void what_it_does_not_know_it_says() throws IOException {
        known.registry().register(instance("a", "127.0.0.1", 8080));

        assertThat(ask("nobody.treaty.", Type.A, false).getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(ask("example.org.", Type.A, false).getRcode()).isEqualTo(Rcode.REFUSED);
        Message none = ask("shop.orders.treaty.", Type.AAAA, false);
        assertThat(none.getRcode()).isEqualTo(Rcode.NOERROR);
        assertThat(none.getSection(Section.ANSWER)).isEmpty();
        assertThat(none.getSection(Section.AUTHORITY)).hasSize(1);
    }

    @Test
    void what_does_not_fit_into_a_datagram_is_asked_for_over_tcp() throws IOException {
        for (int i = 0; i < 150; i++) {
            known.registry().register(instance("i" + i, "127.0.1." + i, 8080));
        }

        assertThat(ask("shop.orders.treaty.", Type.SRV, false).getHeader().getFlag(Flags.TC))
                .isTrue();
        Message whole = ask("shop.orders.treaty.", Type.SRV, true);
        assertThat(whole.getHeader().getFlag(Flags.TC)).isFalse();
        assertThat(whole.getSection(Section.ANSWER)).hasSize(DnsServer.ANSWERS_MAX);
    }

    @Test
    void connections_have_a_limit_and_noise_hurts_nobody() throws IOException {
        known.registry().register(instance("a", "127.0.0.1", 8080));
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
        await(() -> {
            try {
                return ask("shop.orders.treaty.", Type.A, true).getRcode() == Rcode.NOERROR;
            } catch (IOException e) {
                return false;
            }
        });
    }

    /** What DNS leads to. */
    @Contract(name = "test.Names", version = "1.0.0")
    public interface Names {
        /** A name. */
        @Idempotent
        String name();
    }

    @Test
    void calls_go_where_dns_says_and_follow_it() {
        known.serve(Names.class, () -> "found by DNS");
        var settings = Settings.DEFAULTS.withRegistry(
                RegistryAddress.parse("dns://{service}.treaty?server=127.0.0.1:" + server.port()));
        try (var treaty = Treaty.open(settings)) {
            var names = treaty.client(Names.class);
            await(() -> {
                try {
                    return names.name().equals("found by DNS");
                } catch (ServiceException e) {
                    return false; // whoever has only just begun to look may find nobody
                }
            });
            known.registry().register(instance("a", "127.0.0.1", 8080));
            await(() -> treaty.registry().instances(ORDERS).size() == 1);

            var second =
                    known.registry().register(instance("b", "127.0.0.2", 8081).withWeight(300));
            await(() -> treaty.registry().instances(ORDERS).size() == 2);
            assertThat(treaty.registry().instances(ORDERS).getLast().weight()).isEqualTo(300);
            second.close();
            await(() -> treaty.registry().instances(ORDERS).size() == 1);
            server.close();
            await(() -> treaty.registry().problem().isPresent());
            assertThat(treaty.registry().problem().orElseThrow()).contains("DNS gave no answer");
            assertThat(treaty.registry().instances(ORDERS)).hasSize(1);
        }
    }

    @Test
    void a_name_that_dns_does_not_know_holds_up_nobody_else() {
        var stock = new ServiceName("shop.Stock");
        known.registry().register(instance("a", "127.0.0.1", 8080));
        var settings = Settings.DEFAULTS.withRegistry(
                RegistryAddress.parse("dns://{service}.treaty?server=127.0.0.1:" + server.port()));
        try (var treaty = Treaty.open(settings)) {
            assertThat(treaty.registry().instances(stock)).isEmpty();
            await(() -> treaty.registry().instances(ORDERS).size() == 1);
            known.registry().register(instance("b", "127.0.0.2", 8081));
            await(() -> treaty.registry().instances(ORDERS).size() == 2);

            await(() -> treaty.registry().problem(ORDERS).isEmpty()
                    && treaty.registry().problem(stock).isPresent());
            assertThat(treaty.registry().problem(stock))
                    .get()
                    .asString()
                    .contains(
                            "cannot list the instances of shop.Stock", "shop.stock.treaty. has no SRV records in DNS");
            assertThat(treaty.registry().problem()).isEqualTo(treaty.registry().problem(stock));

            var endpoint = new ServiceEndpoint("http", "127.0.0.3", 8082);
            known.registry()
                    .register(ServiceInstance.of("c", stock, new Version(1, 0, 0), endpoint, STARTED)
                            .withHealth(ServiceHealth.of(Status.PASSING, STARTED)));
            await(() -> treaty.registry().instances(stock).size() == 1);
            await(() -> treaty.registry().problem().isEmpty());
        }
    }

    @Test
    void addresses_alone_need_a_port_and_nobody_registers_there() {
        known.registry().register(instance("a", "127.0.0.1", 8080));
        var address = RegistryAddress.parse("dns://0.{service}.treaty:9090?server=127.0.0.1:" + server.port());
        try (var treaty = Treaty.open(Settings.DEFAULTS.withRegistry(address))) {
            var refused = new AtomicReference<IllegalArgumentException>();
            var tries = new AtomicInteger();
            // A refusal that takes long is not thrown any more.
            await(() -> {
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
        }
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> DnsAddress.parse((RegistryAddress.Provided) RegistryAddress.parse("dns://name:99999")))
                .withMessageContaining("write dns://name");
    }
}
