package dev.treaty.security;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.security.Token;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Time;
import dev.treaty.security.TokenPolicy.Issuer;
import dev.treaty.security.keys.OidcKeys;
import dev.treaty.security.keys.OidcProvider;
import dev.treaty.security.keys.WebReader;
import dev.treaty.security.token.ApiKeyText;
import dev.treaty.security.token.BoundedMap;
import dev.treaty.security.token.InvalidTokenException;
import dev.treaty.security.token.IssuerKeys;
import dev.treaty.security.token.ParsedToken;
import dev.treaty.security.token.TextDigest;
import dev.treaty.security.token.TokenBucket;
import dev.treaty.security.token.TokenClaims;
import dev.treaty.security.token.VerificationKey;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who sends a request: by its token or API key if there is one, else by the certificate of the connection. An
 * invalid token is refused even beside a valid certificate; the claimed name is ignored. Tokens are checked with the
 * keys of their issuer, as the {@link TokenPolicy} configures them, and never with a key that a token names otherwise
 * than by its id. It is thread-safe.
 */
public final class TokenAuthenticator implements AutoCloseable {
    private static final Fault BUSY = Fault.unreached(
                    Code.RESOURCE_EXHAUSTED, "too many new credentials are being checked")
            .retryAfter(Duration.ofSeconds(1));
    private static final Fault NO_KEYS =
            Fault.unreached(Code.UNAVAILABLE, "the keys that check credentials cannot be reached yet");
    private static final Authentication.Refused REFUSED = new Authentication.Refused(Authentication.INVALID);
    private static final Authentication.Accepted ANONYMOUS = new Authentication.Accepted(Principal.ANONYMOUS);

    /** How long a refused token is refused unread: it may become valid, as with a key that is not known yet. */
    private static final Duration REFUSED_FOR = Duration.ofSeconds(5);

    private static final int ADDRESSES_MAX = 10_000;
    private static final int REASONS_PER_SECOND = 10;
    private static final int IPV6_BYTES = 16;
    private static final int IPV6_NETWORK_BYTES = 8;

    private final Optional<TokenFollower> own;
    private final Optional<TokenProtocol> refresher;
    private final Time time;
    private final Events events;
    private final WebReader web = new WebReader();
    private final Consumer<String> reasons;
    private final TokenBucket reasonsLeft;
    private volatile Rules rules;

    /** What a policy consists of, with what was found under it. */
    private record Rules(
            TokenPolicy policy,
            Map<String, Trusted> issuers,
            BoundedMap<TextDigest, Verified> verified,
            BoundedMap<TextDigest, Instant> refused,
            BoundedMap<String, TokenBucket> failures,
            TokenBucket checks) {}

    private record Trusted(TokenClaims claims, IssuerKeys keys) {}

    private record Verified(
            Token token,
            Authentication.Accepted answer,
            Instant until,
            Trusted by,
            VerificationKey key,
            long generation) {}

    /**
     * Creates an authenticator.
     *
     * @param own follows Treaty's own service of tokens; needed if the policy accepts its tokens. It is not closed here
     * @param refresher the client of that service, for {@link #refresh}
     * @param events receives failures of threads
     * @param reasons receives why credentials were refused, one sentence each, masked, at most 10 per second. It must
     *     not block
     * @throws IllegalArgumentException if the policy accepts own tokens and there is no follower
     */
    public TokenAuthenticator(
            TokenPolicy policy,
            Optional<TokenFollower> own,
            Optional<TokenProtocol> refresher,
            Time time,
            Events events,
            Consumer<String> reasons) {
        this.own = own;
        this.refresher = refresher;
        this.time = time;
        this.events = events;
        this.reasons = reasons;
        this.reasonsLeft = new TokenBucket(time, REASONS_PER_SECOND);
        this.rules = rules(policy, Map.of());
    }

    /** Uses another policy from now on; keys of issuers that stay the same are kept. */
    public synchronized void use(TokenPolicy policy) {
        Rules before = rules;
        if (!policy.equals(before.policy)) {
            rules = rules(policy, before.issuers);
            Set<IssuerKeys> used = Collections.newSetFromMap(new IdentityHashMap<>());
            rules.issuers.values().forEach(issuer -> used.add(issuer.keys));
            close(before.issuers.values().stream().map(Trusted::keys).filter(keys -> !used.contains(keys)));
        }
    }

    private Rules rules(TokenPolicy policy, Map<String, Trusted> before) {
        Map<String, Trusted> issuers = new HashMap<>();
        if (policy.own()) {
            TokenFollower follower = own.orElseThrow(
                    () -> new IllegalArgumentException("own tokens need a follower of the service of tokens"));
            issuers.put(
                    TokenProtocol.ISSUER,
                    new Trusted(
                            new TokenClaims(
                                    TokenProtocol.ISSUER,
                                    Set.of("EdDSA"),
                                    Set.of(TokenClaims.ACCESS_TOKEN),
                                    Optional.of(policy.audiences()),
                                    "sub",
                                    "",
                                    "roles",
                                    policy.clockSkew()),
                            follower.keys()));
        }
        for (Issuer issuer : policy.issuers()) {
            String name = issuer.address().toString();
            Set<String> audiences = new HashSet<>(policy.audiences());
            audiences.addAll(issuer.audiences());
            var claims = new TokenClaims(
                    name,
                    issuer.algorithms(),
                    Set.of("", "jwt", TokenClaims.ACCESS_TOKEN),
                    Optional.of(audiences),
                    issuer.subjectClaim(),
                    issuer.name() + "/",
                    issuer.rolesClaim(),
                    policy.clockSkew());
            Trusted known = before.get(name);
            IssuerKeys keys = known != null && known.keys instanceof OidcKeys same && same.isOf(issuer.jwks())
                    ? same
                    : new OidcKeys(new OidcProvider(issuer.address(), issuer.jwks(), web), time, events, this::explain);
            issuers.put(name, new Trusted(claims, keys));
        }
        TokenPolicy.Limits limits = policy.limits();
        return new Rules(
                policy,
                Map.copyOf(issuers),
                new BoundedMap<>(limits.cached()),
                new BoundedMap<>(limits.cached()),
                new BoundedMap<>(ADDRESSES_MAX),
                new TokenBucket(time, limits.checksPerSecond()));
    }

    /**
     * Authenticates the sender of a request, as {@code AccessControl.authenticate} does: a token that was checked
     * before and an API key at once, another token later, because its signature takes time.
     */
    public Authentication check(Credentials credentials) {
        String secret = credentials.secret();
        if (secret.isEmpty()) {
            PeerIdentity peer = credentials.peer();
            return peer.name().isEmpty()
                    ? ANONYMOUS
                    : new Authentication.Accepted(Principal.proven(peer.name(), Principal.Proof.CERTIFICATE));
        }
        Rules now = rules;
        if (secret.length() > now.policy.limits().tokenLength()) {
            return refused("a token is too long");
        }
        if (secret.startsWith(ApiKeyText.PREFIX)) {
            return checkKey(now, secret);
        }
        TextDigest digest = TextDigest.of(secret);
        Verified verified = verified(now, digest);
        if (verified != null) {
            return verified.answer;
        }
        Instant refusedUntil = now.refused.get(digest);
        if (refusedUntil != null) {
            if (time.instant().isBefore(refusedUntil)) {
                return REFUSED;
            }
            now.refused.remove(digest);
        }
        try {
            ParsedToken parsed = ParsedToken.parse(secret);
            Trusted trusted = trusted(now, parsed);
            Token token = trusted.claims.read(parsed, secret, time.instant());
            return new Authentication.Pending(
                    () -> checkSignature(now, new Unproven(parsed, trusted, token, digest), credentials.address()));
        } catch (InvalidTokenException e) {
            return refuse(now, digest, e);
        }
    }

    private record Unproven(ParsedToken parsed, Trusted trusted, Token token, TextDigest digest) {}

    private static Trusted trusted(Rules now, ParsedToken parsed) throws InvalidTokenException {
        Trusted trusted = now.issuers.get(parsed.text("iss").orElse(""));
        if (trusted == null) {
            throw new InvalidTokenException("its issuer is not trusted");
        }
        return trusted;
    }

    private @Nullable Verified verified(Rules now, TextDigest digest) {
        Verified found = now.verified.get(digest);
        if (found == null) {
            return null;
        }
        long generation = found.by.keys.generation();
        if (found.generation != generation) {
            Optional<VerificationKey> key = found.by.keys.find(found.key.id(), found.key.algorithm());
            if (!key.equals(Optional.of(found.key)) || isRevoked(found.token, found.by.keys)) {
                now.verified.remove(digest);
                return null;
            }
            found = new Verified(found.token, found.answer, found.until, found.by, found.key, generation);
            now.verified.put(digest, found);
        }
        if (!time.instant().isBefore(found.until)) {
            now.verified.remove(digest);
            return null;
        }
        return found;
    }

    private static boolean isRevoked(Token token, IssuerKeys keys) {
        return keys.revoked(token.id());
    }

    private Authentication checkSignature(Rules now, Unproven unproven, Optional<InetAddress> address)
            throws InterruptedException {
        Verified already = verified(now, unproven.digest);
        if (already != null) {
            return already.answer;
        }
        if (now.refused.get(unproven.digest) != null) {
            return REFUSED;
        }
        IssuerKeys keys = unproven.trusted.keys;
        long generation = keys.generation();
        ParsedToken parsed = unproven.parsed;
        Optional<VerificationKey> key = keys.find(parsed.keyId(), parsed.algorithm());
        if (key.isEmpty()) {
            keys.refresh();
            generation = keys.generation();
            key = keys.find(parsed.keyId(), parsed.algorithm());
            if (key.isEmpty() && !keys.known()) {
                explain("the keys of " + unproven.trusted.claims.issuer() + " cannot be obtained");
                return new Authentication.Refused(NO_KEYS);
            }
        }
        try {
            VerificationKey found =
                    key.orElseThrow(() -> new InvalidTokenException("its issuer has no such key for its algorithm"));
            if (isRevoked(unproven.token, keys)) {
                throw new InvalidTokenException("it is revoked");
            }
            TokenBucket failures = failures(now, address);
            if (!failures.take()) {
                return new Authentication.Refused(BUSY);
            }
            if (!now.checks.take()) {
                failures.restore();
                return new Authentication.Refused(BUSY);
            }
            if (!found.verifies(parsed)) {
                throw new InvalidTokenException("its signature is wrong");
            }
            failures.restore();
            Token token = unproven.token;
            Instant until = token.expiresAt().plus(now.policy.clockSkew());
            var verified = new Verified(
                    token, new Authentication.Accepted(token.principal()), until, unproven.trusted, found, generation);
            now.verified.put(unproven.digest, verified);
            return verified.answer;
        } catch (InvalidTokenException e) {
            return refuse(now, unproven.digest, e);
        }
    }

    /** The failures left of an address; those of a network for IPv6, of which one sender has many addresses. */
    private TokenBucket failures(Rules now, Optional<InetAddress> address) {
        String sender = address.map(InetAddress::getAddress)
                .map(bytes -> bytes.length == IPV6_BYTES ? Arrays.copyOf(bytes, IPV6_NETWORK_BYTES) : bytes)
                .map(Arrays::toString)
                .orElse("");
        TokenBucket bucket = now.failures.get(sender);
        if (bucket == null) {
            bucket = new TokenBucket(time, now.policy.limits().failuresPerSecond());
            now.failures.put(sender, bucket);
        }
        return bucket;
    }

    private Authentication checkKey(Rules now, String text) {
        if (!now.policy.own() || own.isEmpty()) {
            return refused("an API key is not accepted here");
        }
        if (!own.get().keys().known()) {
            explain("the API keys cannot be obtained");
            return new Authentication.Refused(NO_KEYS);
        }
        Optional<Token> key = key(now, text);
        return key.isPresent()
                ? new Authentication.Accepted(key.get().principal())
                : refused("an API key is unknown, revoked, expired or wrong");
    }

    private Optional<Token> key(Rules now, String text) {
        return own.flatMap(follower ->
                        ApiKeyText.find(text, id -> follower.apiKey(id).map(TokenProtocol.ApiKey::sha256)))
                .flatMap(id -> own.flatMap(follower -> follower.apiKey(id)))
                .filter(key -> time.instant().isBefore(key.expiresAt()))
                .map(key -> new Token(
                        key.id(),
                        key.subject(),
                        Principal.Proof.API_KEY,
                        TokenProtocol.ISSUER,
                        now.policy.audiences(),
                        key.createdAt(),
                        key.expiresAt(),
                        Set.copyOf(key.roles()),
                        Map.of(),
                        Optional.of(text)));
    }

    private Authentication refuse(Rules now, TextDigest digest, InvalidTokenException e) {
        now.refused.put(digest, time.instant().plus(REFUSED_FOR));
        return refused("a token is refused: " + e.reason());
    }

    private Authentication refused(String reason) {
        explain(reason);
        return REFUSED;
    }

    private void explain(String reason) {
        if (reasonsLeft.take()) {
            reasons.accept(PrintableText.line(Secrets.mask(reason)));
        }
    }

    /**
     * Authenticates credentials, and waits for the check of a signature.
     *
     * @return what proves who the sender is: the token, the API key or the certificate
     * @throws ServiceException {@code unauthenticated} if the credentials are not valid or there are none; {@code
     *     resource_exhausted} or {@code unavailable} if they cannot be checked now
     */
    public Token authenticate(Credentials credentials) throws InterruptedException {
        Authentication answer = check(credentials);
        if (answer instanceof Authentication.Pending pending) {
            answer = await(pending);
        }
        return switch (answer) {
            case Authentication.Refused(Fault fault) -> throw ServiceException.withoutTrace(fault);
            case Authentication.Accepted accepted -> token(credentials, accepted.caller());
            case Authentication.Pending _ -> throw ServiceException.withoutTrace(Authentication.INVALID);
        };
    }

    private static Authentication await(Authentication.Pending pending) throws InterruptedException {
        try {
            return pending.check().call();
        } catch (InterruptedException e) {
            throw e;
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("a check of credentials failed", e);
        }
    }

    private Token token(Credentials credentials, Principal caller) {
        Rules now = rules;
        String secret = credentials.secret();
        Optional<Token> proof = switch (caller.proof()) {
            case TOKEN ->
                Optional.ofNullable(verified(now, TextDigest.of(secret))).map(Verified::token);
            case API_KEY -> key(now, secret);
            case CERTIFICATE ->
                Optional.of(new Token(
                        "",
                        caller.name(),
                        caller.proof(),
                        "",
                        Set.of(),
                        time.instant(),
                        credentials.peer().expiresAt(),
                        Set.of(),
                        Map.of(),
                        Optional.empty()));
            default -> throw ServiceException.withoutTrace(Authentication.MISSING);
        };
        return proof.orElseThrow(() -> ServiceException.withoutTrace(Authentication.INVALID)); // revoked meanwhile
    }

    /**
     * Checks the text of a token or an API key, as {@link #authenticate} does.
     *
     * @throws ServiceException if it is not valid, or cannot be checked now
     */
    public Token validate(String text) throws InterruptedException {
        return authenticate(Credentials.of(text));
    }

    /**
     * Replaces an own token by one that ends later.
     *
     * @throws ServiceException {@code unauthenticated} if it is no longer valid; {@code failed_precondition} if it is
     *     no token of Treaty's own service; or a failure of the call
     */
    public Token refresh(Token token) throws InterruptedException {
        Optional<String> text = token.text()
                .filter(_ ->
                        token.type() == Principal.Proof.TOKEN && token.issuer().equals(TokenProtocol.ISSUER));
        if (text.isEmpty() || refresher.isEmpty()) {
            throw new ServiceException(
                    Fault.unreached(Code.FAILED_PRECONDITION, "only a token of Treaty's own service can be refreshed")
                            .notRetryable());
        }
        String fresh = refresher.get().refresh(text.get()).token();
        Trusted ownIssuer = rules.issuers.get(TokenProtocol.ISSUER);
        try {
            // The service that issued it has been asked, so that its signature proves nothing further.
            ParsedToken parsed = ParsedToken.parse(fresh);
            TokenClaims claims = ownIssuer == null ? TokenService.CLAIMS : ownIssuer.claims.ofAnyAudience();
            return claims.read(parsed, fresh, time.instant());
        } catch (InvalidTokenException e) {
            throw new ServiceException(Code.INTERNAL, "the refreshed token is not valid: " + e.reason());
        }
    }

    /** Ends the refreshing of keys of other issuers. */
    @Override
    public void close() {
        close(rules.issuers.values().stream().map(Trusted::keys));
    }

    private static void close(Stream<IssuerKeys> unused) {
        unused.filter(OidcKeys.class::isInstance).map(OidcKeys.class::cast).forEach(OidcKeys::close);
    }
}
