package dev.treaty.registry.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.simulation.Polling;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Access to ZooKeeper with passwords and certificates. */
class ZooKeeperAccessTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");

    @TempDir
    Path directory;

    @Test
    void nodes_written_with_a_password_are_only_accessible_with_it() throws Exception {
        Path right = Files.writeString(directory.resolve("right"), "correct-horse\n");
        Path wrong = Files.writeString(directory.resolve("wrong"), "battery-staple\n");
        try (var server = new TestingServer()) {
            String address = "zookeeper://" + server.getConnectString() + "/access?user=shop&password-file=";
            try (var known = ZooKeeperRegistryTest.open(address + right, ZooKeeperRegistryTest.PATIENT, Events.NONE);
                    var unknown = ZooKeeperRegistryTest.open(address + wrong, RegistryPolicy.STANDARD, Events.NONE)) {
                known.register(ServiceInstance.of(
                        "o", ORDERS, new Version(1, 0, 0), new ServiceEndpoint("http", "127.0.0.1", 1), Instant.EPOCH));
                assertThat(known.instances(ORDERS)).hasSize(1);
                assertThat(unknown.instances(ORDERS)).isEmpty();
                Polling.until(() -> unknown.problem().orElse("").contains("denies access to"));
                assertThat(unknown.problem().orElse("")).doesNotContain("battery-staple");
            }
        }
    }

    private void openssl(String arguments) throws Exception {
        var command = new ArrayList<>(List.of("openssl"));
        command.addAll(Arrays.asList(arguments.split(" ")));
        var process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    /** Creates a certificate with its key, signed by the authority of this test. */
    private Path certify(String name) throws Exception {
        openssl("req -newkey rsa:2048 -nodes -keyout " + name + ".key -out " + name + ".csr -subj /CN=" + name);
        Files.writeString(directory.resolve(name + ".ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
        openssl("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile " + name
                + ".ext -out " + name + ".crt");
        String both =
                Files.readString(directory.resolve(name + ".crt")) + Files.readString(directory.resolve(name + ".key"));
        return Files.writeString(directory.resolve(name + ".pem"), both);
    }

    @Test
    void connections_are_encrypted_and_both_sides_are_authenticated() throws Exception {
        openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority");
        Path ca = directory.resolve("ca.pem");
        Path client = certify("client");
        Path own = certify("server");
        int port; // found last, so that it is still free when the server starts
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path config = Files.writeString(
                directory.resolve("zoo.cfg"), """
                    tickTime=1000
                    dataDir=%s
                    secureClientPort=%d
                    secureClientPortAddress=127.0.0.1
                    serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
                    ssl.keyStore.location=%s
                    ssl.keyStore.type=PEM
                    ssl.trustStore.location=%s
                    ssl.trustStore.type=PEM
                    ssl.clientAuth=need
                    admin.enableServer=false
                    """.formatted(directory.resolve("data"), port, own, ca));
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.apache.zookeeper.server.ZooKeeperServerMain",
                        config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        String address = "zookeeper://127.0.0.1:" + port + "/tls?ca=" + ca;
        try (var known = ZooKeeperRegistryTest.open(
                        address + "&certificate=" + client + "&key=" + client,
                        ZooKeeperRegistryTest.PATIENT,
                        Events.NONE);
                var unknown = ZooKeeperRegistryTest.open(address, RegistryPolicy.STANDARD, Events.NONE)) {
            known.register(ServiceInstance.of(
                    "o", ORDERS, new Version(1, 0, 0), new ServiceEndpoint("http", "127.0.0.1", 1), Instant.EPOCH));
            assertThat(unknown.instances(ORDERS)).isEmpty(); // so that it watches
            Polling.until(() ->
                    !known.instances(ORDERS).isEmpty() && unknown.problem().isPresent());
            assertThat(known.instances(ORDERS)).hasSize(1);
            assertThat(unknown.instances(ORDERS)).isEmpty();
        } finally {
            server.destroyForcibly();
            server.waitFor();
        }
    }
}
