package dev.treaty.security;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Token;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.time.Signal;
import dev.treaty.core.time.Time;
import dev.treaty.security.keys.OwnerDirectory;
import dev.treaty.security.keys.SigningKeys;
import dev.treaty.security.keys.TokenRecords;
import dev.treaty.security.token.ApiKeyText;
import dev.treaty.security.token.InvalidTokenException;
import dev.treaty.security.token.ParsedToken;
import dev.treaty.security.token.TokenBucket;
import dev.treaty.security.token.TokenClaims;
import dev.treaty.security.token.VerificationKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * Treaty's own service of tokens, in a directory that only its owner can read: the keys that sign, the API keys (their
 * digests only) and the revocations. What an operation has returned survives the end of the process. Who may use which
 * operation is decided before a call reaches it.
 */
public final class TokenService implements TokenProtocol, AutoCloseable {
    /** What its own tokens must state in order to be refreshed. */
    static final TokenClaims CLAIMS = new TokenClaims(
            TokenProtocol.ISSUER,
            Set.of("EdDSA"),
            Set.of(TokenClaims.ACCESS_TOKEN),
            Optional.empty(),
            "sub",
            "",
            "roles",
            TokenPolicy.CLOCK_SKEW);

    private static final Duration KEY_LIFETIME_MAX = Duration.ofDays(5 * 366);
    private static final Duration CLOCKS = Duration.ofMinutes(6);
    private static final Duration UPDATE_EVERY = Duration.ofSeconds(1);
    private static final Duration WAIT_MAX = Duration.ofSeconds(30);
    private static final int NAME_LENGTH_MAX = 256;
    private static final int NAMES_MAX = 64;
    private static final int CLAIM_LENGTH_MAX = 1_024;
    private static final int TOKEN_LENGTH_MAX = 8_192;
    private static final int LIST_MAX = 1_000;
    private static final int CHECKS_PER_SECOND = 300;
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9]{1,64}(?:\\.[A-Za-z0-9]{1,64})?");

    /** The claims that the service sets, or that have a meaning for other programs. */
    private static final Set<String> RESERVED = Set.of(
            "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "typ", "cnf", "act", "roles", TokenClaims.CHAIN_START);

    private final OwnerDirectory directory;
    private final IssuePolicy policy;
    private final Time time;
    private final RandomGenerator secure;
    private final SigningKeys keys;
    private final TokenRecords records;
    private final Signal changed = new Signal();
    private final TokenBucket checks;
    private final Thread thread;

    /**
     * Opens the directory, which is created with new keys if it does not exist, and starts to rotate keys.
     *
     * @param secure generates ids and API keys: a strong generator
     * @throws IOException if the directory is in use, damaged, accessible to others, or cannot be written
     */
    public TokenService(Path directory, IssuePolicy policy, Time time, Events events, RandomGenerator secure)
            throws IOException {
        this.directory = new OwnerDirectory(directory);
        try {
            this.policy = policy;
            this.time = time;
            this.secure = secure;
            this.keys = new SigningKeys(this.directory, policy.rotateEvery(), policy.lifetimeMax(), time, secure);
            this.records = new TokenRecords(this.directory, time.instant(), ApiKeyText.newId(secure));
            this.checks = new TokenBucket(time, CHECKS_PER_SECOND);
        } catch (IOException | RuntimeException e) {
            this.directory.close();
            throw e;
        }
        this.thread = BackgroundThread.virtual("treaty-token-keys", time, events, this::update);
        thread.start();
    }

    private void update() throws InterruptedException {
        while (true) {
            time.sleep(UPDATE_EVERY.toNanos());
            try {
                if (keys.update()) {
                    changed.raise();
                }
                records.purge(time.instant());
            } catch (IOException e) {
                throw new UncheckedIOException("the keys of tokens cannot be stored", e);
            }
        }
    }

    /** The keys that check its tokens, as JSON (RFC 7517). They are public. */
    public String jwks() {
        return keys.jwks();
    }

    @Override
    public Issued issue(
            String subject,
            List<String> audience,
            long lifetimeSeconds,
            Optional<List<String>> roles,
            Optional<Map<String, String>> claims) {
        require(isName(subject), "the subject is 1 to 256 printable characters");
        require(!audience.isEmpty(), "a token has at least one audience");
        checkNames(audience, "audience");
        checkNames(roles.orElse(List.of()), "roles");
        require(
                lifetimeSeconds >= 1 && lifetimeSeconds <= policy.lifetimeMax().toSeconds(),
                "the lifetime is 1 to " + policy.lifetimeMax().toSeconds() + " seconds");
        Map<String, String> further = claims.orElse(Map.of());
        require(further.size() <= NAMES_MAX, "a token has at most " + NAMES_MAX + " further claims");
        further.forEach((name, value) -> {
            require(isName(name) && !RESERVED.contains(name), "a claim has a name of its own");
            require(
                    value.length() <= CLAIM_LENGTH_MAX
                            && PrintableText.line(value).equals(value),
                    "a claim is at most " + CLAIM_LENGTH_MAX + " printable characters");
        });
        Instant now = now();
        return sign(
                ApiKeyText.newId(secure),
                subject,
                audience,
                now,
                now.plusSeconds(lifetimeSeconds),
                now,
                roles.orElse(List.of()),
                further);
    }

    private Issued sign(
            String id,
            String subject,
            List<String> audience,
            Instant now,
            Instant expires,
            Instant chainStart,
            List<String> roles,
            Map<String, String> further) {
        Map<String, Object> claims = new LinkedHashMap<>(further);
        claims.put("iss", TokenProtocol.ISSUER);
        claims.put("sub", subject);
        claims.put("aud", audience);
        claims.put("iat", now.getEpochSecond());
        claims.put("exp", expires.getEpochSecond());
        claims.put("jti", id);
        claims.put(TokenClaims.CHAIN_START, chainStart.getEpochSecond());
        claims.put("roles", roles);
        String token = keys.sign(claims);
        require(token.length() <= TOKEN_LENGTH_MAX, "a token has at most " + TOKEN_LENGTH_MAX + " characters");
        return new Issued(id, token, expires);
    }

    @Override
    public Issued refresh(String token) {
        try {
            if (token.length() > TOKEN_LENGTH_MAX) {
                throw new InvalidTokenException("it is too long");
            }
            ParsedToken parsed = ParsedToken.parse(token);
            Token old = CLAIMS.read(parsed, token, time.instant());
            VerificationKey key =
                    keys.find(parsed).orElseThrow(() -> new InvalidTokenException("its key is not known"));
            if (!checks.take()) {
                throw ServiceException.withoutTrace(
                        Fault.unreached(Code.RESOURCE_EXHAUSTED, "too many tokens are being refreshed")
                                .retryAfter(Duration.ofSeconds(1)));
            }
            String chain = chain(old.id());
            if (!key.verifies(parsed) || records.isRevoked(chain)) {
                throw new InvalidTokenException("it is forged or revoked");
            }
            return successor(old, chain);
        } catch (InvalidTokenException e) {
            throw ServiceException.withoutTrace(Authentication.INVALID);
        }
    }

    private Issued successor(Token old, String chain) throws InvalidTokenException {
        Instant now = now();
        Instant start = Instant.ofEpochSecond(Long.parseLong(old.claims().get(TokenClaims.CHAIN_START)));
        Instant expires = now.plus(Duration.between(old.issuedAt(), old.expiresAt()));
        Instant last = start.plus(policy.totalLifetimeMax());
        Instant end = expires.isBefore(last) ? expires : last;
        if (!now.isBefore(end)) {
            throw new InvalidTokenException("its total lifetime is over");
        }
        Map<String, String> further = new LinkedHashMap<>(old.claims());
        further.keySet().removeAll(RESERVED);
        return sign(
                chain + "." + ApiKeyText.newId(secure),
                old.subject(),
                old.audience().stream().sorted().toList(),
                now,
                end,
                start,
                old.roles().stream().sorted().toList(),
                further);
    }

    /** Returns the id of the first of the tokens that were made from one by refreshing. */
    static String chain(String id) {
        int end = id.indexOf('.');
        return end < 0 ? id : id.substring(0, end);
    }

    @Override
    public void revoke(String id) {
        require(ID.matcher(id).matches(), "the id of a token is letters and digits");
        revoke(chain(id), now().plus(policy.totalLifetimeMax()).plus(CLOCKS));
    }

    private void revoke(String id, Instant until) {
        store(() -> {
            if (!records.revoke(new Revocation(id, until), policy.revocationsMax())) {
                throw new ServiceException(
                        Code.RESOURCE_EXHAUSTED,
                        "there are " + policy.revocationsMax() + " revocations, which is the most");
            }
        });
    }

    @Override
    public CreatedKey createKey(String subject, Optional<List<String>> roles, long lifetimeSeconds) {
        require(isName(subject), "the subject is 1 to 256 printable characters");
        checkNames(roles.orElse(List.of()), "roles");
        require(
                lifetimeSeconds >= 1 && lifetimeSeconds <= KEY_LIFETIME_MAX.toSeconds(),
                "the lifetime of an API key is 1 to " + KEY_LIFETIME_MAX.toSeconds() + " seconds");
        Instant now = now();
        String id = ApiKeyText.newId(secure);
        String text = ApiKeyText.create(id, secure);
        var key = new ApiKey(
                id, ApiKeyText.sha256(text), subject, roles.orElse(List.of()), now, now.plusSeconds(lifetimeSeconds));
        store(() -> {
            if (!records.add(key, policy.keysMax())) {
                throw new ServiceException(
                        Code.RESOURCE_EXHAUSTED, "there are " + policy.keysMax() + " API keys, which is the most");
            }
        });
        return new CreatedKey(id, text, key.expiresAt());
    }

    @Override
    public void revokeKey(String id) {
        records.key(id).ifPresent(key -> revoke(id, key.expiresAt()));
    }

    @Override
    public List<ApiKey> list(String after, int max) {
        return records.list(after, Math.clamp(max, 1, LIST_MAX));
    }

    @Override
    public String rotate() {
        Duration left = keys.untilReady();
        if (left.isPositive()) {
            throw new ServiceException(
                    Fault.of(Code.FAILED_PRECONDITION, "the next key is not known to every server yet; try again later")
                            .retryAfter(left));
        }
        var id = new String[1];
        store(() -> id[0] = keys.rotate());
        return id[0];
    }

    @Override
    public State state(String seen, long waitMillis) throws InterruptedException {
        long nanos = Math.clamp(waitMillis, 0, WAIT_MAX.toMillis()) * 1_000_000;
        long end = time.nanoTime() + nanos;
        while (true) {
            var next = changed.next();
            State state = records.state(seen, keys.mark(), keys.jwks());
            long left = end - time.nanoTime();
            if (!state.mark().equals(seen) || left <= 0) {
                return state;
            }
            next.await(time, left);
        }
    }

    @FunctionalInterface
    private interface Change {
        void run() throws IOException;
    }

    private void store(Change change) {
        try {
            change.run();
        } catch (IOException e) {
            throw new ServiceException(Code.UNAVAILABLE, "that cannot be stored; it is not in force");
        }
        changed.raise();
    }

    private Instant now() {
        return Instant.ofEpochSecond(time.instant().getEpochSecond());
    }

    private static boolean isName(String text) {
        return !text.isEmpty()
                && text.length() <= NAME_LENGTH_MAX
                && PrintableText.line(text).equals(text);
    }

    private static void checkNames(List<String> names, String what) {
        require(
                names.size() <= NAMES_MAX && names.stream().allMatch(TokenService::isName),
                what + ": at most " + NAMES_MAX + " names of 1 to 256 printable characters");
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new ServiceException(
                    Fault.of(Code.INVALID_ARGUMENT, otherwise).notRetryable());
        }
    }

    /** Stops to rotate keys, and leaves the directory to another process. */
    @Override
    public void close() throws IOException {
        thread.interrupt();
        records.close();
        directory.close();
    }
}
