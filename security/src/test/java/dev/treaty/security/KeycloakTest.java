package dev.treaty.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.codec.Json;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.Token;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import dev.treaty.security.TokenPolicy.Issuer;
import dev.treaty.security.TokenPolicy.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tokens of a real Keycloak, of the archive that Maven has fetched. */
@Tag("long")
@Timeout(300)
class KeycloakTest {
    private static final String FETCH = "./treaty test --all -pl security -am";

    private static final String REALM = """
        {"realm": "shop", "enabled": true, "clients": [{
          "clientId": "web", "enabled": true, "protocol": "openid-connect", "secret": "the-secret",
          "serviceAccountsEnabled": true, "standardFlowEnabled": false, "publicClient": false,
          "protocolMappers": [{
            "name": "orders", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
            "config": {"included.custom.audience": "shop.Orders", "access.token.claim": "true"}}]}]}
        """;

    private final ManualTime time = new ManualTime(Time.system().instant());
    private final List<String> reasons = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private Process keycloak;
    private URI address;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws Exception {
        Path home = unpack();
        Files.createDirectories(home.resolve("data/import"));
        Files.writeString(home.resolve("data/import/realm.json"), REALM);
        int port;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        address = URI.create("http://127.0.0.1:" + port);
        var builder = new ProcessBuilder(
                home.resolve("bin/kc.sh").toString(),
                "start-dev",
                "--http-host=127.0.0.1",
                "--http-port=" + port,
                "--import-realm");
        builder.environment()
                .putAll(Map.of(
                        "JAVA_HOME", System.getProperty("java.home"),
                        "KC_BOOTSTRAP_ADMIN_USERNAME", "admin",
                        "KC_BOOTSTRAP_ADMIN_PASSWORD", "admin-secret"));
        keycloak = builder.redirectErrorStream(true).start();
        var output = keycloak.inputReader();
        String line;
        do {
            line = output.readLine();
            assertThat(line).as("what Keycloak prints").isNotNull();
        } while (!line.contains("Listening on"));
        Thread.ofVirtual().start(() -> output.lines().forEach(_ -> {})); // so that it never waits for a reader
        time.advance(Duration.between(time.instant(), Time.system().instant())); // the provider's clock has run
    }

    /** Unpacks the archive in Maven's local repository. */
    private Path unpack() throws IOException {
        Path versions = Path.of("target", "keycloak");
        Optional<Path> archive = Optional.empty();
        if (Files.isDirectory(versions)) {
            try (Stream<Path> files = Files.walk(versions)) {
                archive = files.filter(file -> file.toString().endsWith(".zip")).findFirst();
            }
        }
        Assumptions.assumeTrue(archive.isPresent(), "Keycloak is missing: " + FETCH);
        try (InputStream in = Files.newInputStream(archive.orElseThrow());
                var zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = directory.resolve(entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                } else {
                    Files.createDirectories(file.getParent());
                    Files.copy(zip, file);
                }
            }
        }
        try (Stream<Path> files = Files.list(directory)) {
            Path home = files.findFirst().orElseThrow();
            assertThat(home.resolve("bin/kc.sh").toFile().setExecutable(true)).isTrue();
            return home;
        }
    }

    @AfterEach
    void stop() throws Exception {
        if (keycloak != null) {
            kill();
        }
    }

    private void kill() throws InterruptedException {
        keycloak.descendants().forEach(ProcessHandle::destroyForcibly);
        keycloak.destroyForcibly();
        assertThat(keycloak.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    private Map<?, ?> post(String path, String type, String body, String authorization) throws Exception {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(address.resolve(path))
                        .header("content-type", type)
                        .header("authorization", authorization)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
        return response.body().isEmpty() ? Map.of() : (Map<?, ?>) Json.read(response.body());
    }

    /** Lets the realm sign with a new key. */
    private void rotate() throws Exception {
        Object admin = post(
                        "/realms/master/protocol/openid-connect/token",
                        "application/x-www-form-urlencoded",
                        "grant_type=password&client_id=admin-cli&username=admin&password=admin-secret",
                        "none")
                .get("access_token");
        post("/admin/realms/shop/components", "application/json", """
            {"name": "next", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
             "config": {"priority": ["200"], "enabled": ["true"], "active": ["true"], "keySize": ["2048"]}}
            """, "Bearer " + admin);
    }

    private TokenAuthenticator authenticator(URI issuer, String audience) {
        return new TokenAuthenticator(
                new TokenPolicy(
                        List.of(new Issuer(
                                "keycloak",
                                issuer,
                                Optional.empty(),
                                Issuer.ALGORITHMS,
                                Set.of(),
                                "azp",
                                "realm_access.roles")),
                        false,
                        Set.of(audience),
                        TokenPolicy.CLOCK_SKEW,
                        Limits.STANDARD),
                Optional.empty(),
                Optional.empty(),
                time,
                Events.NONE,
                reasons::add);
    }

    @Test
    void a_client_calls_with_tokens_of_keycloak_while_its_keys_rotate_and_it_goes_away() throws Exception {
        URI issuer = address.resolve("/realms/shop");
        Path secret = Files.writeString(directory.resolve("secret"), "the-secret");
        var sources = new TokenSources(time, Events.NONE, new Random(1));
        try (var orders = authenticator(issuer, "shop.Orders");
                var payments = authenticator(issuer, "shop.Payments");
                var source = sources.oidcClientCredentials(issuer, "web", secret, "")) {
            String first = source.token("shop.Orders").orElseThrow();
            Token token = orders.validate(first);
            assertThat(token.subject()).isEqualTo("keycloak/web");
            assertThat(token.roles()).contains("offline_access");
            assertThatThrownBy(() -> payments.validate(first)).hasMessageContaining("the credentials are not valid");

            rotate();
            time.advance(Duration.ofSeconds(11));
            String second = source.replace("shop.Orders", first).orElseThrow();
            assertThat(second.substring(0, 100)).isNotEqualTo(first.substring(0, 100)); // the id of its key
            assertThat(orders.validate(second).subject()).isEqualTo("keycloak/web");
            assertThat(orders.validate(first).subject()).isEqualTo("keycloak/web");

            kill();
            time.advance(Duration.ofSeconds(11));
            assertThat(orders.validate(second).subject()).isEqualTo("keycloak/web");
            assertThat(source.token("shop.Orders")).contains(second);
        }
    }
}
