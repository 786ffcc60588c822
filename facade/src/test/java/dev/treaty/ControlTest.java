package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.admin.ControlSecret;
import dev.treaty.config.Settings;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Server;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.RandomSource;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The control service is hosted only if other machines cannot reach it. */
class ControlTest {
    @Contract(name = "test.Idle", version = "1.0.0")
    public interface Idle {
        /** Returns a text. */
        String idle();
    }

    /** Records hosted services; its endpoint is an address of this machine. */
    private static final class RecordingServer implements Server {
        private final Set<ServiceName> hosted = new HashSet<>();

        @Override
        public ServiceEndpoint endpoint() {
            return new ServiceEndpoint("http", "127.0.1.1", 1);
        }

        @Override
        public void host(HostedService service) {
            hosted.add(service.contract().name());
        }

        @Override
        public void withdraw(ServiceName service) {}

        @Override
        public void page(String path, String contentType, Supplier<byte[]> body) {}

        @Override
        public void drain(Duration patience) {}

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, true", "localhost, true", "'::1', true", "0.0.0.0, false", "'::', false"})
    void control_is_hosted_only_on_loopback(String host, boolean offered) {
        var server = new RecordingServer();
        Platform system = Platform.system();
        var platform = new Platform(
                system.time(),
                system.random(),
                system.secrets(),
                system.transport(),
                (_, _) -> server,
                system.onExit());
        try (Treaty treaty = Treaty.open(
                Settings.parse(
                        "test",
                        "security: {insecure: true}\nserver: {host: '" + host + "', advertise: 127.0.1.1, drain: 0s}\n",
                        Map.of()),
                platform)) {
            treaty.serve(Idle.class, () -> "idle");
            assertThat(server.hosted.contains(new ServiceName("treaty.Control")))
                    .isEqualTo(offered);
            assertThat(server.hosted).contains(new ServiceName("test.Idle"));
        }
    }

    private static String send(ServiceEndpoint endpoint, String path, String... headers) throws IOException {
        try (var socket = new Socket(endpoint.host(), endpoint.port())) {
            String body = "{\"service\":\"test.Idle\"}";
            String request = "POST " + path + " HTTP/1.1\r\n" + String.join("\r\n", headers)
                    + "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " + body.length()
                    + "\r\n\r\n" + body;
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            socket.setSoTimeout(60_000);
            var answer = new StringBuilder();
            byte[] part = new byte[4096];
            while (!answer.toString().endsWith("}")) { // the answers are JSON objects
                int length = socket.getInputStream().read(part);
                assertThat(length).as("bytes after %s", answer).isPositive();
                answer.append(new String(part, 0, length, StandardCharsets.UTF_8));
            }
            return answer.toString();
        }
    }

    @Test
    void a_page_in_a_browser_cannot_use_a_process_on_loopback_W13() throws IOException {
        try (Treaty treaty = Treaty.open(Settings.parse("test", "server: {drain: 0s}\n", Map.of()))) {
            treaty.serve(Idle.class, () -> "idle");
            treaty.serveRegistry();
            ServiceEndpoint endpoint = treaty.endpoint().orElseThrow();
            for (String path : List.of(
                    "/treaty.Control/reset", "/treaty.Introspection/status", "/treaty.Registry/drain", "/-/status")) {
                assertThat(send(endpoint, path, "Host: evil.example:" + endpoint.port()))
                        .startsWith("HTTP/1.1 403")
                        .contains("the host \\\"evil.example\\\" is not this server");
                assertThat(send(endpoint, path, "Host: " + endpoint.authority(), "Origin: http://evil.example"))
                        .startsWith("HTTP/1.1 403")
                        .contains("a page of the origin");
                assertThat(send(endpoint, path, "Host: " + endpoint.authority(), "Origin: null"))
                        .startsWith("HTTP/1.1 403");
            }
            for (String host : List.of("127.0.0.1", "localhost:1", "[::1]:1", "my-machine", "a.localhost")) {
                assertThat(send(endpoint, "/treaty.Introspection/status", "Host: " + host))
                        .as(host)
                        .doesNotStartWith("HTTP/1.1 403");
            }
            assertThat(send(
                            endpoint,
                            "/treaty.Introspection/status",
                            "Host: " + endpoint.authority(),
                            "Origin: http://" + endpoint.authority()))
                    .doesNotStartWith("HTTP/1.1 403");
            assertThat(send(endpoint, "/test.Idle/idle", "Host: shop.example"))
                    .as("a service may be behind a proxy")
                    .doesNotStartWith("HTTP/1.1 403");
        }
    }

    @Test
    void control_needs_the_secret_of_the_user_W13(@TempDir Path directory) throws IOException {
        try (Treaty treaty = Treaty.open(Settings.parse("test", "server: {drain: 0s}\n", Map.of()))) {
            treaty.serve(Idle.class, () -> "idle");
            treaty.client(Idle.class).idle();
            ServiceEndpoint endpoint = treaty.endpoint().orElseThrow();
            String host = "Host: " + endpoint.authority();
            assertThat(send(endpoint, "/treaty.Control/reset", host))
                    .startsWith("HTTP/1.1 403")
                    .contains("only the user that runs this process can change it");
            Path other = directory.resolve("of/another/control-secret");
            String proof = new ControlSecret(other)
                    .headers(endpoint, RandomSource.secure())
                    .value(0);
            assertThat(send(endpoint, "/treaty.Control/reset", host, "Authorization: " + proof))
                    .startsWith("HTTP/1.1 403");
            assertThat(Files.getPosixFilePermissions(other))
                    .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
            assertThat(proof)
                    .as("another port has another proof")
                    .isNotEqualTo(new ControlSecret(other)
                            .headers(new ServiceEndpoint("http", "127.0.0.1", 1), RandomSource.secure())
                            .value(0));
            try (var direct = treaty.direct(Control.class, endpoint)) {
                assertThat(direct.client().reset("test.Idle")).isTrue();
            }
        }
    }
}
