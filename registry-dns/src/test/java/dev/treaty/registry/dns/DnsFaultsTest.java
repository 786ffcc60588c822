package dev.treaty.registry.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.simulation.Polling;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Services that cannot be in DNS, and DNS servers that cannot be found. */
class DnsFaultsTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private final Treaty registered = Treaty.open();
    private final DnsServer server =
            new DnsServer(registered.registry(), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), "treaty");

    @AfterEach
    void close() {
        server.close();
        registered.close();
    }

    private void register(String id, String host) {
        var endpoint = new ServiceEndpoint("http", host, 8080);
        registered
                .registry()
                .register(ServiceInstance.of(id, ORDERS, new Version(1, 0, 0), endpoint, STARTED)
                        .withHealth(ServiceHealth.of(Status.PASSING, STARTED)));
    }

    private static Treaty client(String host, int port) {
        return Treaty.open(Settings.DEFAULTS.withRegistry(
                RegistryAddress.parse("dns://{service}.treaty?server=" + host + ":" + port)));
    }

    @Test
    void an_invalid_name_is_a_problem_of_that_service_only() {
        var unfit = new ServiceName("shop." + "O".repeat(64));
        register("a", "127.0.0.1");
        try (var treaty = client("127.0.0.1", server.port())) {
            assertThat(treaty.registry().instances(unfit)).isEmpty();
            Polling.until(() -> treaty.registry().instances(ORDERS).size() == 1);
            Polling.until(() -> treaty.registry().problem(unfit).isPresent());
            assertThat(treaty.registry().problem(unfit).orElseThrow()).contains("cannot be in DNS");
            assertThat(treaty.registry().problem(ORDERS)).isEmpty();
            register("b", "127.0.0.2");
            Polling.until(() -> treaty.registry().instances(ORDERS).size() == 2);
            assertThatExceptionOfType(ServiceException.class)
                    .isThrownBy(() -> treaty.registry().lookup(unfit))
                    .withMessageContaining("cannot be in DNS");
        }
    }

    @Test
    void an_unknown_server_is_a_problem_and_a_server_may_have_a_name() {
        register("a", "127.0.0.1");
        try (var nowhere = client("nowhere.invalid", server.port());
                var named = client("localhost", server.port())) {
            assertThat(nowhere.registry().instances(ORDERS)).isEmpty();
            Polling.until(() -> nowhere.registry().problem().orElse("").contains("the DNS server is unknown"));
            Polling.until(() -> named.registry().instances(ORDERS).size() == 1);
        }
    }

    /** Answers a question for addresses with these, over TCP, and any other with nothing. */
    private static void answer(Socket socket, List<String> addresses) {
        try (socket;
                var in = new DataInputStream(socket.getInputStream());
                var out = new DataOutputStream(socket.getOutputStream())) {
            while (true) {
                var question = new Message(in.readNBytes(in.readUnsignedShort()));
                var response = new Message(question.getHeader().getID());
                response.getHeader().setFlag(Flags.QR);
                response.addRecord(question.getQuestion(), Section.QUESTION);
                for (String address : question.getQuestion().getType() == Type.A ? addresses : List.<String>of()) {
                    var name = question.getQuestion().getName();
                    response.addRecord(new ARecord(name, DClass.IN, 1, InetAddress.getByName(address)), Section.ANSWER);
                }
                byte[] bytes = response.toWire();
                out.writeShort(bytes.length);
                out.write(bytes);
            }
        } catch (IOException e) {
            // the client has closed the connection
        }
    }

    private static void serve(ServerSocket listening, List<String> addresses) {
        try {
            while (true) {
                Socket accepted = listening.accept();
                Thread.ofVirtual().start(() -> answer(accepted, addresses));
            }
        } catch (IOException e) {
            // the test has ended
        }
    }

    @Test
    void an_address_that_no_client_can_call_is_left_out_and_reported_R8() throws IOException {
        try (var listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> serve(listening, List.of("0.0.0.0", "127.0.0.7", "224.0.0.1")));
            var address =
                    RegistryAddress.parse("dns://{service}.treaty:9090?server=127.0.0.1:" + listening.getLocalPort());
            try (var treaty = Treaty.open(Settings.DEFAULTS.withRegistry(address))) {
                Polling.until(() -> !treaty.registry().instances(ORDERS).isEmpty());
                assertThat(treaty.registry().instances(ORDERS))
                        .extracting(instance -> instance.endpoint().host())
                        .containsExactly("127.0.0.7");
                assertThat(treaty.registry().problem(ORDERS).orElseThrow()).contains("0.0.0.0:9090", "is left out");
            }
        }
    }
}
