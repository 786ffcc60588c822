package dev.treaty.benchmarks.security;

import com.sun.net.httpserver.HttpServer;
import dev.treaty.core.call.Principal;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.security.Decision;
import dev.treaty.core.time.Time;
import dev.treaty.security.AccessPolicy;
import dev.treaty.security.AccessRules;
import dev.treaty.security.IssuePolicy;
import dev.treaty.security.TokenAuthenticator;
import dev.treaty.security.TokenFollower;
import dev.treaty.security.TokenPolicy;
import dev.treaty.security.TokenService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a server does for each call before it reads the body. */
public class SecurityChecks {
    private static final String CALLER = "shop.Cart";
    private static final int RULES = 100;

    /** The wait for keys, at most. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static Authentication proven(TokenAuthenticator authenticator, Credentials credentials) throws Exception {
        Authentication answer = authenticator.check(credentials);
        return answer instanceof Authentication.Pending pending
                ? pending.check().call()
                : answer;
    }

    private static void await(TokenAuthenticator authenticator, Credentials credentials) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!(proven(authenticator, credentials) instanceof Authentication.Accepted)) {
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException("valid credentials are not accepted");
            }
            Thread.sleep(10);
        }
    }

    /** A token, which has been checked before, and an API key of Treaty's own service. */
    @State(Scope.Benchmark)
    public static class Own {
        private @Nullable Path directory;
        private @Nullable TokenService service;
        private @Nullable TokenFollower follower;
        private @Nullable TokenAuthenticator authenticator;
        private Credentials token = Credentials.of("");
        private Credentials key = Credentials.of("");

        @Setup
        public void open() throws Exception {
            Path parent = Files.createTempDirectory("treaty-bench-security-");
            directory = parent;
            var random = new SecureRandom();
            var served = new TokenService(
                    parent.resolve("tokens"), IssuePolicy.STANDARD, Time.system(), Events.NONE, random);
            service = served;
            follower = new TokenFollower(served, Time.system(), Events.NONE, random).started();
            var used = new TokenAuthenticator(
                    TokenPolicy.own(Set.of(Answering.NAME)),
                    Optional.of(follower),
                    Optional.empty(),
                    Time.system(),
                    Events.NONE,
                    _ -> {});
            authenticator = used;
            token = Credentials.of(served.issue(
                            CALLER, List.of(Answering.NAME), 3_600, Optional.of(List.of("buyer")), Optional.empty())
                    .token());
            key = Credentials.of(served.createKey(CALLER, Optional.of(List.of("buyer")), 3_600)
                    .key());
            await(used, token);
            await(used, key);
        }

        @TearDown
        public void close() throws IOException {
            Objects.requireNonNull(authenticator).close();
            Objects.requireNonNull(follower).close();
            Objects.requireNonNull(service).close();
            try (Stream<Path> files = Files.walk(Objects.requireNonNull(directory))) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }

        private Authentication check(Credentials credentials) {
            return Objects.requireNonNull(authenticator).check(credentials);
        }
    }

    /** Tokens of a provider, more than the cache keeps, so that each signature is checked. */
    @State(Scope.Benchmark)
    public static class Provider {
        private static final int TOKENS = 64;
        private static final TokenPolicy.Limits UNLIMITED =
                new TokenPolicy.Limits(8_192, 2, Integer.MAX_VALUE, Integer.MAX_VALUE);

        private @Nullable HttpServer server;
        private @Nullable TokenAuthenticator authenticator;
        private final Map<String, List<Credentials>> tokens = new HashMap<>();
        private int next;

        @Setup
        public void open() throws Exception {
            List<ProviderKey> keys = TokenPolicy.Issuer.ALGORITHMS.stream()
                    .map(ProviderKey::create)
                    .toList();
            HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server = http;
            byte[] jwks = ProviderKey.jwks(keys).getBytes(StandardCharsets.UTF_8);
            http.createContext("/", exchange -> {
                try (exchange) {
                    exchange.sendResponseHeaders(200, jwks.length);
                    exchange.getResponseBody().write(jwks);
                }
            });
            http.start();
            URI issuer = URI.create("http://127.0.0.1:" + http.getAddress().getPort());
            var used = new TokenAuthenticator(
                    new TokenPolicy(
                            List.of(new TokenPolicy.Issuer(
                                    "bench",
                                    issuer,
                                    Optional.of(issuer.resolve("/keys")),
                                    TokenPolicy.Issuer.ALGORITHMS,
                                    Set.of(),
                                    "sub",
                                    "roles")),
                            false,
                            Set.of(Answering.NAME),
                            TokenPolicy.CLOCK_SKEW,
                            UNLIMITED),
                    Optional.empty(),
                    Optional.empty(),
                    Time.system(),
                    Events.NONE,
                    _ -> {});
            authenticator = used;
            long now = Instant.now().getEpochSecond();
            for (ProviderKey key : keys) {
                var signed = new ArrayList<Credentials>();
                for (int i = 0; i < TOKENS; i++) {
                    signed.add(Credentials.of(
                            key.sign("""
                                {"iss":"%s","sub":"%s","aud":"%s","iat":%d,"exp":%d,"jti":"t%d","roles":["buyer"]}\
                                """.formatted(issuer, CALLER, Answering.NAME, now, now + 3_600, i))));
                }
                await(used, signed.getFirst());
                tokens.put(key.algorithm(), signed);
            }
        }

        @TearDown
        public void close() {
            Objects.requireNonNull(authenticator).close();
            Objects.requireNonNull(server).stop(0);
        }

        private Authentication check(String algorithm) throws Exception {
            List<Credentials> signed = Objects.requireNonNull(tokens.get(algorithm));
            next = (next + 1) % TOKENS;
            Authentication answer = proven(Objects.requireNonNull(authenticator), signed.get(next));
            if (!(answer instanceof Authentication.Accepted)) {
                throw new IllegalStateException("a valid token is not accepted");
            }
            return answer;
        }
    }

    /** Rules, the last of which allows the call. */
    @State(Scope.Benchmark)
    public static class Rules {
        private final Principal caller = Principal.proven(CALLER, Principal.Proof.CERTIFICATE);
        private final AccessRules one = rules(1, false);
        private final AccessRules many = rules(RULES, false);
        private final AccessRules ofOneService = rules(RULES, true);

        private static AccessRules rules(int count, boolean sameService) {
            Map<String, AccessPolicy.Rule> rules = new HashMap<>();
            for (int i = 1; i <= count; i++) {
                boolean last = i == count;
                rules.put(
                        "rule%03d".formatted(i),
                        new AccessPolicy.Rule(
                                List.of(last ? CALLER : "shop.Caller" + i),
                                List.of(),
                                Map.of(),
                                List.of(last || sameService ? Answering.NAME : "shop.Service" + i),
                                List.of("answer"),
                                AccessPolicy.Effect.ALLOW));
            }
            return new AccessRules(new AccessPolicy(rules, Map.of(), Map.of(), false));
        }

        private Decision decide(AccessRules rules) {
            Decision decision = rules.authorize(caller, Answering.NAME, "answer");
            if (!decision.allowed()) {
                throw new IllegalStateException(decision.reason());
            }
            return decision;
        }
    }

    @Benchmark
    public Authentication token(Own own) {
        return own.check(own.token);
    }

    @Benchmark
    public Authentication apiKey(Own own) {
        return own.check(own.key);
    }

    @Benchmark
    public Authentication newEdDsa(Provider provider) throws Exception {
        return provider.check("EdDSA");
    }

    @Benchmark
    public Authentication newEs256(Provider provider) throws Exception {
        return provider.check("ES256");
    }

    @Benchmark
    public Authentication newRs256(Provider provider) throws Exception {
        return provider.check("RS256");
    }

    @Benchmark
    public Decision rules1(Rules rules) {
        return rules.decide(rules.one);
    }

    @Benchmark
    public Decision rules100(Rules rules) {
        return rules.decide(rules.many);
    }

    @Benchmark
    public Decision rules100OfOneService(Rules rules) {
        return rules.decide(rules.ofOneService);
    }
}
