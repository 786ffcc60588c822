package dev.treaty.registry.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.event.Events;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.simulation.Polling;
import dev.treaty.simulation.SettingsRecorder;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.auth.Permission;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Access to etcd with passwords and certificates. */
class EtcdAccessTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");

    @TempDir
    Path directory;

    private static ServiceInstance instance() {
        return ServiceInstance.of(
                "o", ORDERS, new Version(1, 0, 0), new ServiceEndpoint("http", "127.0.0.1", 1), Instant.EPOCH);
    }

    private static Registry open(String address) {
        return Etcd.open(address, EtcdRegistryTest.PATIENT, Events.NONE);
    }

    /** Opens a client that is not expected to connect. */
    private static Registry openUnauthorized(String address) {
        return Etcd.open(address, RegistryPolicy.STANDARD, Events.NONE);
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

    /** Creates a certificate, signed by the authority of this test. */
    private void certify(String name) throws Exception {
        openssl("req -newkey rsa:2048 -nodes -keyout " + name + ".key -out " + name + ".csr -subj /CN=" + name);
        Files.writeString(directory.resolve(name + ".ext"), "subjectAltName=IP:127.0.0.1\n");
        openssl("x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile " + name
                + ".ext -out " + name + ".pem");
    }

    @Test
    void connections_are_encrypted_and_both_sides_are_authenticated() throws Exception {
        openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority");
        certify("server");
        certify("client");
        try (var etcd = Etcd.with(List.of(
                        "--cert-file=" + directory.resolve("server.pem"),
                        "--key-file=" + directory.resolve("server.key"),
                        "--client-cert-auth",
                        "--trusted-ca-file=" + directory.resolve("ca.pem")));
                var known = open(etcd.address("tls") + "?ca=" + directory.resolve("ca.pem") + "&certificate="
                        + directory.resolve("client.pem") + "&key=" + directory.resolve("client.key"));
                var unknown = openUnauthorized(etcd.address("tls") + "?ca=" + directory.resolve("ca.pem"));
                var plain = openUnauthorized(etcd.address("tls"))) {
            known.register(instance());
            Polling.until(() -> known.instances(ORDERS).size() == 1);
            Polling.until(() -> known.problem().isEmpty());
            for (Registry unauthorized : List.of(unknown, plain)) {
                assertThat(unauthorized.instances(ORDERS)).isEmpty();
                Polling.until(() -> unauthorized.problem().isPresent());
            }
        }
    }

    @Test
    void a_password_grants_access_and_does_not_appear_in_messages() throws Exception {
        Path right = Files.writeString(directory.resolve("right"), "correct-horse\n");
        Path wrong = Files.writeString(directory.resolve("wrong"), "battery-staple\n");
        try (var etcd = Etcd.start(1)) {
            try (Client admin = etcd.client()) {
                ByteSequence root = ByteSequence.from("root", UTF_8);
                admin.getAuthClient()
                        .userAdd(root, ByteSequence.from("correct-horse", UTF_8))
                        .get();
                admin.getAuthClient().roleAdd(root).get();
                admin.getAuthClient().userGrantRole(root, root).get();
                admin.getAuthClient().authEnable().get();
            }
            try (var known = open(etcd.address("auth") + "?user=root&password-file=" + right);
                    var unknown = openUnauthorized(etcd.address("auth") + "?user=root&password-file=" + wrong)) {
                known.register(instance());
                assertThat(known.instances(ORDERS)).hasSize(1);
                assertThat(unknown.instances(ORDERS)).isEmpty();
                Polling.until(() -> unknown.problem().isPresent());
                assertThat(unknown.problem().orElseThrow() + unknown.address())
                        .doesNotContain("battery-staple")
                        .doesNotContain("correct-horse");
            }
        }
    }

    @Test
    void a_client_that_may_only_read_watches_changes_no_settings_and_is_not_waited_for_R10() throws Exception {
        Path password = Files.writeString(directory.resolve("password"), "correct-horse\n");
        ByteSequence secret = ByteSequence.from("correct-horse", UTF_8);
        try (var etcd = Etcd.start(1)) {
            try (Client admin = etcd.client()) {
                ByteSequence all = ByteSequence.from(new byte[1]); // as both ends of a range: every key
                for (String user : List.of("root", "reader")) {
                    ByteSequence name = ByteSequence.from(user, UTF_8);
                    admin.getAuthClient().userAdd(name, secret).get();
                    admin.getAuthClient().roleAdd(name).get();
                    admin.getAuthClient().userGrantRole(name, name).get();
                }
                admin.getAuthClient()
                        .roleGrantPermission(ByteSequence.from("reader", UTF_8), all, all, Permission.Type.READ)
                        .get();
                admin.getAuthClient().authEnable().get();
            }
            String address = etcd.address("auth") + "?password-file=" + password + "&user=";
            try (var owner = open(address + "root");
                    var reader = open(address + "reader")) {
                var registration = owner.register(instance());
                Polling.until(() -> reader.instances(ORDERS).size() == 1);
                assertThat(reader.problem()).isEmpty();
                registration.drain();
                assertThat(registration.acknowledged(Duration.ofSeconds(20))).isTrue();
                Polling.until(() -> reader.instances(ORDERS).getFirst().health().status() == Status.DRAINING);

                var watcher = SettingsRecorder.watch(reader.settings());
                assertThat(owner.settings().replace(0, "first")).isTrue();
                watcher.until(new Stored(1, "first"));
                assertThatExceptionOfType(ServiceException.class)
                        .isThrownBy(() -> reader.settings().replace(1, "second"))
                        .satisfies(refused -> assertThat(refused.code()).isEqualTo(Code.PERMISSION_DENIED));
                assertThat(owner.settings().read()).isEqualTo(new Stored(1, "first"));
            }
        }
    }

    @Test
    void incomplete_options_are_rejected() {
        for (String options :
                List.of("user=a", "password-file=b", "key=c", "certificate=d&key=e", "password=f", "ca=")) {
            assertThatIllegalArgumentException()
                    .as(options)
                    .isThrownBy(() -> open("etcd://127.0.0.1:1?" + options).close());
        }
    }
}
