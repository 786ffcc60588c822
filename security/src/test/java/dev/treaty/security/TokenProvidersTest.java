package dev.treaty.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.codec.Json;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.security.Token;
import dev.treaty.core.time.ManualTime;
import dev.treaty.security.TokenPolicy.Issuer;
import dev.treaty.security.TokenPolicy.Limits;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tokens of a provider of OpenID Connect, over real HTTP, whatever the provider does. */
@Timeout(60)
class TokenProvidersTest {
    private static final TokenMint.Key FIRST = TokenMint.Key.es256("first");
    private static final TokenMint.Key SECOND = TokenMint.Key.rs256("second");

    private final ManualTime time = new ManualTime();
    private final IssuerServer provider = new IssuerServer();
    private final List<String> reasons = Collections.synchronizedList(new ArrayList<>());
    private final List<TokenAuthenticator> opened = new ArrayList<>();

    @AfterEach
    void stop() {
        opened.forEach(TokenAuthenticator::close);
        provider.close();
    }

    private TokenAuthenticator authenticator(Issuer issuer, Limits limits) {
        var authenticator = new TokenAuthenticator(
                new TokenPolicy(List.of(issuer), false, Set.of("shop.Orders"), TokenPolicy.CLOCK_SKEW, limits),
                Optional.empty(),
                Optional.empty(),
                time,
                Events.NONE,
                reasons::add);
        opened.add(authenticator);
        return authenticator;
    }

    private TokenAuthenticator authenticator() {
        return authenticator(Issuer.of("provider", provider.address()), Limits.STANDARD);
    }

    private Map<String, Object> claims(String subject) {
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("iss", provider.address().toString());
        claims.put("sub", subject);
        claims.put("aud", "shop.Orders");
        claims.put("exp", time.instant().getEpochSecond() + 600);
        return claims;
    }

    private static void until(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            Thread.onSpinWait();
        }
    }

    private static Code code(Callable<?> call) throws Exception {
        try {
            call.call();
            throw new AssertionError("it is accepted");
        } catch (ServiceException e) {
            return e.code();
        }
    }

    @Test
    void a_token_of_a_provider_states_subject_roles_and_claims_where_the_policy_says() throws Exception {
        provider.publish(FIRST, SECOND);
        TokenAuthenticator authenticator = authenticator(
                new Issuer(
                        "keycloak",
                        provider.address(),
                        Optional.empty(),
                        Set.of("RS256"),
                        Set.of("account"),
                        "azp",
                        "realm_access.roles"),
                Limits.STANDARD);
        Map<String, Object> claims = claims("f3a1");
        claims.put("aud", List.of("account", "other"));
        claims.put("azp", "web");
        claims.put("typ", "Bearer");
        claims.put("realm_access", Map.of("roles", List.of("operator", "offline_access")));
        claims.put("scope", "email profile");
        claims.put("groups", List.of("a", "b"));
        claims.put("email_verified", true);
        Token token = authenticator.validate(SECOND.sign(claims));
        assertThat(token.subject()).isEqualTo("keycloak/web");
        assertThat(token.issuer()).isEqualTo(provider.address().toString());
        assertThat(token.roles()).containsExactlyInAnyOrder("operator", "offline_access");
        assertThat(token.claims())
                .containsEntry("sub", "f3a1")
                .containsEntry("groups", "a b")
                .containsEntry("email_verified", "true")
                .doesNotContainKeys("iss", "exp", "realm_access");
        assertThat(code(() -> authenticator.validate(FIRST.sign(claims)))).isEqualTo(Code.UNAUTHENTICATED); // ES256
        assertThat(code(() -> authenticator.refresh(token))).isEqualTo(Code.FAILED_PRECONDITION);
    }

    @Test
    void keys_that_a_provider_rotates_are_found_and_those_that_it_withdraws_end_in_spite_of_the_cache()
            throws Exception {
        provider.publish(FIRST);
        TokenAuthenticator authenticator = authenticator();
        String old = FIRST.sign(claims("old"));
        assertThat(authenticator.validate(old).subject()).isEqualTo("provider/old");
        provider.publish(SECOND);
        time.advance(Duration.ofSeconds(11));
        assertThat(authenticator.validate(SECOND.sign(claims("new"))).subject()).isEqualTo("provider/new");
        assertThat(code(() -> authenticator.validate(old))).isEqualTo(Code.UNAUTHENTICATED);
    }

    @Test
    void keys_are_read_again_in_the_background_and_kept_while_the_provider_fails() throws Exception {
        provider.publish(FIRST);
        TokenAuthenticator authenticator = authenticator();
        authenticator.validate(FIRST.sign(claims("a")));
        int before = provider.requests();
        for (IssuerServer.Answer broken : List.of(
                IssuerServer.text(500, ""),
                IssuerServer.text(200, "{\"keys\":[]}"),
                IssuerServer.text(200, "no JSON"),
                IssuerServer.text(200, "{\"keys\":[" + "{},".repeat(100) + "{}]}"),
                IssuerServer.text(200, "{\"keys\":[], \"x\": \"" + "x".repeat(600_000) + "\"}"),
                exchange -> {
                    exchange.getResponseHeaders().add("location", provider.address() + "/other");
                    exchange.sendResponseHeaders(302, -1);
                })) {
            provider.answer("/keys", broken);
            int failed = reasons.size();
            time.advance(Duration.ofMinutes(6));
            until(() -> reasons.size() > failed);
            assertThat(authenticator.validate(FIRST.sign(claims("b"))).subject())
                    .isEqualTo("provider/b");
        }
        assertThat(provider.requests()).isGreaterThan(before);
        assertThat(reasons).allMatch(reason -> reason.startsWith("the keys of an issuer cannot be read: "));
    }

    @Test
    void a_provider_that_never_answered_makes_checks_unavailable_and_a_slow_one_is_given_up() throws Exception {
        var released = new CountDownLatch(1);
        provider.answer("/keys", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        try {
            TokenAuthenticator authenticator = authenticator();
            assertThat(code(() -> authenticator.validate(FIRST.sign(claims("a")))))
                    .isEqualTo(Code.UNAVAILABLE);
            assertThat(reasons).anyMatch(reason -> reason.contains("takes longer than 5 s"));
        } finally {
            released.countDown();
        }
    }

    @Test
    void unknown_keys_make_one_request_for_all_that_wait_and_no_further_one_for_ten_seconds() throws Exception {
        provider.publish(FIRST);
        TokenAuthenticator authenticator =
                authenticator(Issuer.of("provider", provider.address()), new Limits(8_192, 10_000, 1_000, 10));
        authenticator.validate(FIRST.sign(claims("a")));
        int before = provider.requests();
        time.advance(Duration.ofSeconds(11));
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Code>> all = IntStream.range(0, 200)
                    .mapToObj(i -> executor.submit(() -> code(() -> authenticator.validate(
                            TokenMint.Key.ed25519("stranger-" + i).sign(claims("s"))))))
                    .toList();
            for (Future<Code> each : all) {
                assertThat(each.get()).isEqualTo(Code.UNAUTHENTICATED);
            }
        }
        until(() -> provider.requests() - before >= 2); // discovery and keys
        assertThat(provider.requests() - before).isEqualTo(2);
    }

    @Test
    void a_discovery_document_cannot_direct_requests_elsewhere() throws Exception {
        try (var other = new IssuerServer()) {
            other.publish(FIRST);
            String issuer = provider.address().toString();
            for (String document : List.of(
                    "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}".formatted(issuer, other.address()),
                    "{\"issuer\":\"%s\",\"jwks_uri\":\"http://169.254.169.254/keys\"}".formatted(issuer),
                    "{\"issuer\":\"%s\",\"jwks_uri\":\"file:///etc/passwd\"}".formatted(issuer),
                    "{\"issuer\":\"%s\",\"jwks_uri\":\"/keys\"}".formatted(issuer),
                    "{\"issuer\":\"%s\"}".formatted(issuer),
                    "{\"issuer\":\"%s/\",\"jwks_uri\":\"%s/keys\"}".formatted(issuer, issuer))) {
                provider.publish(FIRST);
                provider.discovery(document);
                TokenAuthenticator authenticator = authenticator();
                assertThat(code(() -> authenticator.validate(FIRST.sign(claims("a")))))
                        .as(document)
                        .isEqualTo(Code.UNAVAILABLE);
            }
            assertThat(other.requests()).isZero();
            TokenAuthenticator configured = authenticator(
                    new Issuer(
                            "provider",
                            provider.address(),
                            Optional.of(other.address().resolve("/keys")),
                            Issuer.ALGORITHMS,
                            Set.of(),
                            "sub",
                            ""),
                    Limits.STANDARD);
            assertThat(configured.validate(FIRST.sign(claims("a"))).subject()).isEqualTo("provider/a");
        }
        for (String address : List.of(
                "http://example.com", "ftp://127.0.0.1", "https://user@example.com", "https://x/#a", "issuer")) {
            assertThatThrownBy(() -> Issuer.of("x", URI.create(address))).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void a_flood_of_bad_tokens_costs_no_signature_check_beyond_a_bound_and_harms_no_other_address() throws Exception {
        provider.publish(FIRST);
        TokenAuthenticator authenticator =
                authenticator(Issuer.of("provider", provider.address()), new Limits(8_192, 1_000, 100, 10));
        TokenMint.Key stranger = TokenMint.Key.es256("first");
        String known = FIRST.sign(claims("known"));
        authenticator.validate(known);
        int checked = 0;
        int busy = 0;
        for (int i = 0; i < 500; i++) {
            switch (answer(authenticator, stranger.sign(claims("s" + i)), "192.0.2.1")) {
                case UNAUTHENTICATED -> checked++;
                case RESOURCE_EXHAUSTED -> busy++;
                default -> throw new AssertionError();
            }
        }
        assertThat(checked).isEqualTo(10);
        assertThat(busy).isEqualTo(490);
        Credentials good = credentials(FIRST.sign(claims("good")), "192.0.2.2");
        assertThat(authenticator.authenticate(good).subject()).isEqualTo("provider/good");
        assertThat(authenticator.authenticate(credentials(known, "192.0.2.1")).subject())
                .isEqualTo("provider/known"); // a token that is known costs no check
        int all = 0;
        for (int i = 0; i < 500; i++) { // from many addresses
            if (answer(authenticator, stranger.sign(claims("t" + i)), "198.51.100." + i % 250)
                    == Code.UNAUTHENTICATED) {
                all++;
            }
        }
        assertThat(all).isLessThanOrEqualTo(90);
        time.advance(Duration.ofSeconds(1));
        assertThat(authenticator
                        .authenticate(credentials(FIRST.sign(claims("later")), "192.0.2.3"))
                        .subject())
                .isEqualTo("provider/later");
    }

    private static Credentials credentials(String secret, String address) throws Exception {
        return new Credentials(secret, PeerIdentity.NONE, "", Optional.of(InetAddress.getByName(address)));
    }

    private static Code answer(TokenAuthenticator authenticator, String secret, String address) throws Exception {
        Authentication answer = authenticator.check(credentials(secret, address));
        if (answer instanceof Authentication.Pending pending) {
            answer = pending.check().call();
        }
        return ((Authentication.Refused) answer).fault().code();
    }

    @Test
    void another_policy_is_in_force_at_once() throws Exception {
        provider.publish(FIRST);
        TokenAuthenticator authenticator = authenticator();
        String token = FIRST.sign(claims("a"));
        authenticator.validate(token);
        int before = provider.requests();
        Issuer issuer = Issuer.of("provider", provider.address());
        authenticator.use(new TokenPolicy(
                List.of(issuer), false, Set.of("shop.Payments"), TokenPolicy.CLOCK_SKEW, Limits.STANDARD));
        assertThat(code(() -> authenticator.validate(token))).isEqualTo(Code.UNAUTHENTICATED);
        authenticator.use(new TokenPolicy(
                List.of(issuer), false, Set.of("shop.Orders"), TokenPolicy.CLOCK_SKEW, Limits.STANDARD));
        assertThat(authenticator.validate(token).subject()).isEqualTo("provider/a");
        assertThat(provider.requests()).isEqualTo(before); // the keys are kept
        authenticator.use(
                new TokenPolicy(List.of(), false, Set.of("shop.Orders"), TokenPolicy.CLOCK_SKEW, Limits.STANDARD));
        assertThat(code(() -> authenticator.validate(token))).isEqualTo(Code.UNAUTHENTICATED);
    }

    @Test
    void names_that_are_too_long_or_not_printable_are_refused() throws Exception {
        provider.publish(FIRST);
        TokenAuthenticator authenticator = authenticator();
        for (Object subject : List.of("a\nb", "x".repeat(257), "\u202e", 7)) {
            Map<String, Object> claims = claims("a");
            claims.put("sub", subject);
            assertThat(code(() -> authenticator.validate(FIRST.sign(claims)))).isEqualTo(Code.UNAUTHENTICATED);
        }
        assertThat(code(() -> authenticator.validate("x".repeat(8_193)))).isEqualTo(Code.UNAUTHENTICATED);
        Map<String, Object> claims = claims("a");
        claims.put("number", "HUGE");
        String payload = Json.text(claims).replace("\"HUGE\"", "1e999999999");
        assertThat(code(() -> authenticator.validate(FIRST.sign(Json.text(FIRST.header()), payload))))
                .isEqualTo(Code.UNAUTHENTICATED);
    }
}
