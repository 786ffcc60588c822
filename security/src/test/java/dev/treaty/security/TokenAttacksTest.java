package dev.treaty.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.codec.Json;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.security.TokenPolicy.Issuer;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens that are not what they claim to be: none is accepted, and the answer does not tell why. */
class TokenAttacksTest {
    private static final TokenMint.Key ED = TokenMint.Key.ed25519("ed-1");
    private static final TokenMint.Key EC = TokenMint.Key.es256("ec-1");
    private static final TokenMint.Key RSA = TokenMint.Key.rs256("rsa-1");
    private static final TokenMint.Key OTHER = TokenMint.Key.rs256("other-1");
    private static final TokenMint.Key STRANGER_ED = TokenMint.Key.ed25519("ed-1");
    private static final TokenMint.Key STRANGER_RSA = TokenMint.Key.rs256("rsa-1");
    private static final TokenMint.Key STRANGER_EC = TokenMint.Key.es256("ec-1");

    private final Random random = new Random(42);
    private final Time time = Time.system();
    private final List<String> reasons = new ArrayList<>();
    private IssuerServer provider;
    private IssuerServer second;
    private TokenService service;
    private TokenFollower follower;
    private TokenAuthenticator authenticator;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws Exception {
        provider = new IssuerServer();
        provider.publish(ED, EC, RSA);
        second = new IssuerServer();
        second.publish(OTHER);
        service = new TokenService(
                directory.resolve("tokens"), IssuePolicy.STANDARD, time, Events.NONE, RandomSource.secure());
        follower = new TokenFollower(service, time, Events.NONE, new Random(1)).started();
        var policy = new TokenPolicy(
                List.of(Issuer.of("first", provider.address()), Issuer.of("second", second.address())),
                true,
                Set.of("shop.Orders"),
                TokenPolicy.CLOCK_SKEW,
                new TokenPolicy.Limits(8_192, 10_000, 1_000_000, 1_000_000));
        authenticator = new TokenAuthenticator(
                policy, Optional.of(follower), Optional.of(service), time, Events.NONE, reasons::add);
    }

    @AfterEach
    void stop() throws Exception {
        authenticator.close();
        follower.close();
        service.close();
        provider.close();
        second.close();
    }

    /** Makes a token that must be refused, from a genuine one. */
    @FunctionalInterface
    private interface Mutation {
        String of(TokenMint.Key key, Map<String, Object> claims, int number) throws Exception;
    }

    private Map<String, Object> claims() {
        long now = time.instant().getEpochSecond();
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("iss", provider.address().toString());
        claims.put("sub", "user-" + random.nextInt(1_000_000));
        claims.put("aud", List.of("shop.Orders", "x"));
        claims.put("iat", now - 10);
        claims.put("nbf", now - 10);
        claims.put("exp", now + 600);
        claims.put("jti", "id-" + random.nextLong());
        return claims;
    }

    private static String header(TokenMint.Key key, String name, Object value) {
        Map<String, Object> header = key.header();
        header.put(name, value);
        return Json.text(header);
    }

    private static String changed(Map<String, Object> claims, String name, Object value) {
        claims.put(name, value);
        return Json.text(claims);
    }

    private Map<String, Mutation> mutations() {
        Map<String, Mutation> all = new TreeMap<>();
        all.put("algorithm none", (key, claims, n) -> {
            String none = List.of("none", "None", "NONE", "nOnE").get(n % 4);
            String unsigned = TokenMint.encode(header(key, "alg", none)) + "." + TokenMint.encode(Json.text(claims));
            return switch (n % 3) {
                case 0 -> unsigned + ".";
                case 1 -> unsigned + ".AA";
                default ->
                    unsigned + key.sign(claims).substring(key.sign(claims).lastIndexOf('.'));
            };
        });
        all.put("key confusion", (key, claims, n) -> {
            String algorithm = List.of("HS256", "HS384", "HS512").get(n % 3);
            String input = TokenMint.encode(header(key, "alg", algorithm)) + "." + TokenMint.encode(Json.text(claims));
            byte[] secret = n % 2 == 0
                    ? key.jwk().toJSONString().getBytes(StandardCharsets.UTF_8)
                    : RSA.jwk().toRSAKey().toPublicKey().getEncoded();
            Mac mac = Mac.getInstance("Hmac" + algorithm.replace("HS", "SHA"));
            mac.init(new SecretKeySpec(secret, "HMAC"));
            return input + "." + TokenMint.encode(mac.doFinal(input.getBytes(StandardCharsets.US_ASCII)));
        });
        all.put("algorithm of another key", (key, claims, n) -> {
            String algorithm = key.algorithm().equals("RS256") ? "ES256" : "RS256";
            return key.sign(header(key, "alg", n % 2 == 0 ? algorithm : "PS256"), Json.text(claims));
        });
        all.put("key id", (key, claims, n) -> {
            Object kid = List.of(
                            "../../../../dev/null",
                            "' OR '1'='1",
                            "/etc/passwd",
                            "ed-1\u0000",
                            " " + key.id(),
                            key.id().toUpperCase(Locale.ROOT),
                            "other-1",
                            "",
                            7,
                            List.of(key.id()))
                    .get(n % 10);
            return key.sign(header(key, "kid", kid), Json.text(claims));
        });
        all.put("key of another issuer", (key, claims, n) -> OTHER.sign(claims));
        all.put("issuer of another key", (key, claims, n) -> {
            claims.put("iss", n % 2 == 0 ? second.address().toString() : TokenProtocol.ISSUER);
            return key.sign(claims);
        });
        all.put("untrusted issuer", (key, claims, n) -> {
            String issuer = provider.address().toString();
            Object other = List.of(issuer + "/", issuer + "#", issuer.replace("http", "HTTP"), "", List.of(issuer), 1)
                    .get(n % 6);
            return key.sign(headerText(key), changed(claims, "iss", other));
        });
        all.put("audience", (key, claims, n) -> {
            Object other = List.of("shop.Payments", "shop.orders", "shop.Orders ", "shop", List.of(), Map.of(), 1)
                    .get(n % 7);
            return key.sign(headerText(key), changed(claims, "aud", other));
        });
        all.put("no audience", (key, claims, n) -> {
            claims.remove("aud");
            return key.sign(claims);
        });
        all.put(
                "expired",
                (key, claims, n) -> key.sign(
                        headerText(key),
                        changed(claims, "exp", time.instant().getEpochSecond() - 61 - random.nextInt(100_000))));
        all.put("expiry that is none", (key, claims, n) -> {
            Object other = List.of("2099-01-01", "9999999999", true, -1, 1e30, List.of(9_999_999_999L))
                    .get(n % 6);
            if (n % 7 == 0) {
                claims.remove("exp");
                return key.sign(claims);
            }
            return key.sign(
                    headerText(key), changed(claims, "exp", other instanceof Double d ? new BigDecimal(d) : other));
        });
        all.put(
                "early",
                (key, claims, n) -> key.sign(
                        headerText(key),
                        changed(
                                claims,
                                n % 2 == 0 ? "nbf" : "iat",
                                time.instant().getEpochSecond() + 62 + random.nextInt(100_000))));
        all.put("truncated", (key, claims, n) -> {
            String token = key.sign(claims);
            return token.substring(0, 1 + random.nextInt(token.length() - 1));
        });
        all.put("one bit", (key, claims, n) -> {
            String token = key.sign(claims);
            String[] parts = token.split("\\.");
            byte[] bytes = Base64.getUrlDecoder().decode(parts[n % 3]);
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            parts[n % 3] = TokenMint.encode(bytes);
            return String.join(".", parts);
        });
        all.put(
                "signed again",
                (key, claims, n) ->
                        (key.equals(RSA) ? STRANGER_RSA : key.equals(EC) ? STRANGER_EC : STRANGER_ED).sign(claims));
        all.put("payload exchanged", (key, claims, n) -> {
            String[] parts = key.sign(claims).split("\\.");
            parts[1] = TokenMint.encode(changed(claims, "sub", "admin"));
            return String.join(".", parts);
        });
        all.put("embedded key", (key, claims, n) -> {
            TokenMint.Key stranger = key.equals(RSA) ? STRANGER_RSA : key.equals(EC) ? STRANGER_EC : STRANGER_ED;
            String name = List.of("jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "cty", "enc")
                    .get(n % 9);
            Object value = name.equals("jwk")
                    ? stranger.jwk().toJSONObject()
                    : name.equals("crit") || name.equals("x5c") ? List.of("exp") : "http://127.0.0.1/keys";
            return (n % 2 == 0 ? stranger : key).sign(header(key, name, value), Json.text(claims));
        });
        all.put("duplicate members", (key, claims, n) -> {
            String payload = Json.text(claims);
            String head = headerText(key);
            return n % 2 == 0
                    ? key.sign(head, payload.substring(0, payload.length() - 1) + ",\"sub\":\"admin\"}")
                    : key.sign("{\"alg\":\"none\"," + head.substring(1), payload);
        });
        all.put("other Base64", (key, claims, n) -> {
            String token = key.sign(claims);
            return switch (n % 6) {
                case 0 -> token + "=";
                case 1 -> token.replace(".", "=.");
                case 2 -> token + "\n";
                case 3 -> " " + token;
                case 4 -> key.equals(RSA) ? token + "A" : nonCanonical(token);
                default -> token.substring(0, 10) + "%" + token.substring(10);
            };
        });
        all.put("trailing data", (key, claims, n) -> switch (n % 4) {
            case 0 -> key.sign(claims) + ".x";
            case 1 -> key.sign(claims) + "." + key.sign(claims);
            case 2 -> key.sign(headerText(key), Json.text(claims) + "{}");
            default -> key.sign(headerText(key) + " x", Json.text(claims));
        });
        all.put("nested or encrypted", (key, claims, n) -> {
            String token = key.sign(claims);
            return n % 2 == 0
                    ? key.sign(header(key, "cty", "JWT"), token)
                    : TokenMint.encode("{\"alg\":\"dir\",\"enc\":\"A128GCM\",\"kid\":\"" + key.id() + "\"}")
                            + "..AA.AA.AA";
        });
        all.put("case of names", (key, claims, n) -> {
            String name = List.of("iss", "sub", "aud", "exp").get(n % 4);
            claims.put(name.toUpperCase(Locale.ROOT), claims.remove(name));
            return n % 5 == 0
                    ? key.sign(headerText(key).replace("\"alg\"", "\"Alg\""), Json.text(claims))
                    : key.sign(claims);
        });
        all.put(
                "other type",
                (key, claims, n) -> n % 2 == 0
                        ? key.sign(
                                header(
                                        key,
                                        "typ",
                                        List.of("logout+jwt", "dpop+jwt", "JWS", 1)
                                                .get(n / 2 % 4)),
                                Json.text(claims))
                        : key.sign(
                                headerText(key),
                                changed(
                                        claims,
                                        "typ",
                                        List.of("ID", "Refresh", 1).get(n / 2 % 3))));
        all.put(
                "bound to a key",
                (key, claims, n) -> key.sign(headerText(key), changed(claims, "cnf", Map.of("jkt", "x"))));
        return all;
    }

    private static String headerText(TokenMint.Key key) {
        return Json.text(key.header());
    }

    /** Sets the bits of the last character that stand for no byte. */
    private static String nonCanonical(String token) {
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        int last = alphabet.indexOf(token.charAt(token.length() - 1));
        return token.substring(0, token.length() - 1) + alphabet.charAt(last ^ 1);
    }

    private void attack(int ofEachKind) throws Exception {
        List<TokenMint.Key> keys = List.of(ED, EC, RSA);
        for (TokenMint.Key key : keys) { // the genuine ones are accepted, so that a refusal proves something
            assertThat(authenticator.validate(key.sign(claims())).subject()).matches("(first/|second/)?user-.*");
        }
        Set<Authentication> answers = new HashSet<>();
        for (Map.Entry<String, Mutation> mutation : mutations().entrySet()) {
            for (int i = 0; i < ofEachKind; i++) {
                String token = mutation.getValue().of(keys.get(i % 3), claims(), i / 3);
                Authentication answer = answer(token);
                assertThat(answer)
                        .as(mutation.getKey() + " " + i + ": " + token)
                        .isInstanceOf(Authentication.Refused.class);
                answers.add(answer);
                answers.add(answer(token)); // and again, out of the cache
            }
        }
        assertThat(answers).hasSize(1);
    }

    private Authentication answer(String token) throws Exception {
        Authentication answer = authenticator.check(Credentials.of(token));
        return answer instanceof Authentication.Pending pending
                ? pending.check().call()
                : answer;
    }

    @Test
    void no_mutated_token_is_accepted_and_all_answers_are_equal() throws Exception {
        attack(50);
    }

    @Test
    @Tag("long")
    void no_mutated_token_of_more_than_ten_thousand_is_accepted() throws Exception {
        attack(501);
    }
}
