package dev.treaty.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.event.Events;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.RandomSource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TokenSourcesTest {
    private static final String ORDERS = "shop.Orders";

    private final ManualTime time = new ManualTime();
    private final TokenSources sources = new TokenSources(time, Events.NONE, new Random(1));

    @TempDir
    private Path directory;

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.onSpinWait();
        }
    }

    private static String token(TokenSource source) {
        try {
            return source.token(ORDERS).orElseThrow();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_file_is_read_again_when_it_changes_and_the_token_before_is_kept_while_it_cannot_be() throws Exception {
        Path file = directory.resolve("token");
        TokenSource source = sources.file(file);
        assertThatThrownBy(() -> source.token(ORDERS)).hasMessageContaining("cannot be read");
        Files.writeString(file, "first\n");
        assertThat(token(source)).isEqualTo("first");
        assertThat(source.replace(ORDERS, "first")).isEmpty();
        Files.writeString(file, "second-one");
        assertThat(source.replace(ORDERS, "first")).contains("second-one");
        Files.writeString(file, "third, with spaces");
        time.advance(Duration.ofSeconds(2));
        assertThat(token(source)).isEqualTo("second-one");
        Files.delete(file);
        time.advance(Duration.ofSeconds(2));
        assertThat(token(source)).isEqualTo("second-one");
        Files.writeString(file, "fourth");
        assertThat(token(source)).isEqualTo("second-one"); // looked at once a second
        time.advance(Duration.ofSeconds(2));
        assertThat(token(source)).isEqualTo("fourth");
        assertThat(TokenSources.fixed("x").token(ORDERS)).contains("x");
    }

    @Test
    void tokens_of_the_service_are_replaced_ahead_of_their_expiry_once_for_all_callers() throws Exception {
        try (var service = new TokenService(
                directory.resolve("tokens"), IssuePolicy.STANDARD, time, Events.NONE, RandomSource.secure())) {
            var away = new AtomicBoolean();
            var refreshed = new AtomicInteger();
            TokenProtocol client = UnreliableService.of(service, away, refreshed);
            String initial = service.issue("a", List.of(ORDERS), 1_000, Optional.empty(), Optional.empty())
                    .token();
            var firsts = new AtomicInteger();
            TokenSource first = _ -> {
                firsts.incrementAndGet();
                return Optional.of(initial);
            };
            try (TokenSources.Renewing source = sources.treaty(client, first)) {
                assertThat(concurrently(source)).containsExactly(initial);
                assertThat(firsts).hasValue(1);
                time.advance(Duration.ofSeconds(740));
                assertThat(token(source)).isEqualTo(initial);
                assertThat(refreshed).hasValue(0);
                time.advance(Duration.ofMinutes(2)); // 86 % of its life
                until(() -> !token(source).equals(initial));
                String second = token(source);
                assertThat(concurrently(source)).containsExactly(second);
                assertThat(refreshed).hasValue(1);

                away.set(true);
                time.advance(Duration.ofMinutes(15));
                until(() -> refreshed.get() >= 2);
                assertThat(token(source)).isEqualTo(second); // used while no other can be had
                away.set(false);
                until(() -> {
                    if (time.sleepers() >= 2) { // the renewal and the service wait
                        time.advance(Duration.ofSeconds(1));
                    }
                    return !token(source).equals(second);
                });
            }
        }
    }

    private static Set<String> concurrently(TokenSource source) throws Exception {
        Set<String> tokens = new HashSet<>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> all = IntStream.range(0, 100)
                    .mapToObj(_ -> executor.submit(() -> token(source)))
                    .toList();
            for (Future<String> each : all) {
                tokens.add(each.get());
            }
        }
        return tokens;
    }

    @Test
    void a_refused_token_is_replaced_once() throws Exception {
        try (var service = new TokenService(
                        directory.resolve("tokens"), IssuePolicy.STANDARD, time, Events.NONE, RandomSource.secure());
                TokenSources.Renewing source = sources.treaty(
                        service,
                        TokenSources.fixed(
                                service.issue("a", List.of(ORDERS), 1_000, Optional.empty(), Optional.empty())
                                        .token()))) {
            String first = token(source);
            assertThat(source.replace(ORDERS, first)).isEmpty(); // it has just been obtained
            time.advance(Duration.ofSeconds(2));
            String second = source.replace(ORDERS, first).orElseThrow();
            assertThat(second).isNotEqualTo(first).isEqualTo(token(source));
            assertThat(source.replace(ORDERS, first)).contains(second);
        }
    }

    @Test
    void a_client_obtains_tokens_of_a_provider_for_its_own_credentials() throws Exception {
        Path secret = directory.resolve("secret");
        Files.writeString(secret, "pass:word");
        var asked = new AtomicInteger();
        var authorization = new AtomicReference<String>();
        var form = new AtomicReference<String>();
        try (var provider = new IssuerServer()) {
            provider.answer("/token", exchange -> {
                authorization.set(exchange.getRequestHeaders().getFirst("authorization"));
                form.set(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                IssuerServer.text(
                                200, "{\"access_token\":\"token-" + asked.incrementAndGet() + "\",\"expires_in\":300}")
                        .to(exchange);
            });
            try (TokenSources.Renewing source =
                    sources.oidcClientCredentials(provider.address(), "web", secret, "orders")) {
                assertThat(concurrently(source)).containsExactly("token-1");
                assertThat(form.get()).isEqualTo("grant_type=client_credentials&scope=orders");
                assertThat(authorization.get()).isEqualTo("Basic d2ViOnBhc3MlM0F3b3Jk"); // web:pass%3Aword
                time.advance(Duration.ofSeconds(260));
                until(() -> token(source).equals("token-2"));
                provider.answer("/token", IssuerServer.text(401, "{}"));
                time.advance(Duration.ofSeconds(290));
                assertThat(token(source)).isEqualTo("token-2");
                time.advance(Duration.ofSeconds(11));
                assertThatThrownBy(() -> token(source))
                        .hasMessageContaining("no token can be obtained")
                        .hasMessageNotContaining("pass");
            }
        }
    }
}
