package dev.treaty.security.keys;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.core.time.Time;
import dev.treaty.security.token.ApiKeyText;
import dev.treaty.security.token.Ed25519;
import dev.treaty.security.token.ParsedToken;
import dev.treaty.security.token.TextDigest;
import dev.treaty.security.token.TokenClaims;
import dev.treaty.security.token.VerificationKey;
import java.io.IOException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The Ed25519 keys that sign Treaty's own tokens, in a file. One signs; the next one is published before it does; those
 * before are published until their last token has ended. It is thread-safe.
 */
public final class SigningKeys {
    /** How long a key is published before it signs, so that every server has it. */
    public static final Duration PUBLISHED_FOR = Duration.ofSeconds(15);

    private static final String FILE = "signing-keys.json";
    private static final Duration CLOCKS = Duration.ofMinutes(6);

    private final OwnerDirectory directory;
    private final Duration rotateEvery;
    private final Duration overlap;
    private final Time time;
    private final RandomGenerator secure;
    private volatile Published published;

    /** @param until when the last token of a key has ended, once it no longer signs */
    @SuppressWarnings("ArrayRecordComponent") // keys are not compared
    private record Key(
            String id, byte[] bytes, PrivateKey key, Instant createdAt, Instant signsFrom, Optional<Instant> until) {}

    /** The keys in the order in which they sign; the last one is the next. */
    private record Published(List<Key> keys, String jwks, List<VerificationKey> verification, String mark) {
        Key next() {
            return keys.getLast();
        }

        Key current() {
            return keys.get(keys.size() - 2);
        }
    }

    /**
     * Reads the keys, or creates them.
     *
     * @param lifetimeMax the longest lifetime of a token
     * @throws IOException if the file cannot be read, written or understood
     */
    public SigningKeys(
            OwnerDirectory directory, Duration rotateEvery, Duration lifetimeMax, Time time, RandomGenerator secure)
            throws IOException {
        this.directory = directory;
        this.rotateEvery = rotateEvery;
        this.overlap = lifetimeMax.plus(CLOCKS);
        this.time = time;
        this.secure = secure;
        Optional<String> kept = directory.read(FILE);
        if (kept.isPresent()) {
            this.published = published(read(kept.get()));
        } else {
            this.published = published(List.of(create(), create()));
            write(published.keys);
        }
    }

    private Key create() {
        KeyPair pair = Ed25519.generate();
        Instant now = Instant.ofEpochSecond(time.instant().getEpochSecond());
        return new Key(
                ApiKeyText.newId(secure),
                Ed25519.bytes(pair.getPublic()),
                pair.getPrivate(),
                now,
                now,
                Optional.empty());
    }

    private static Published published(List<Key> keys) {
        List<Map<String, Object>> jwks = new ArrayList<>();
        for (Key key : keys) {
            Map<String, Object> jwk = new LinkedHashMap<>();
            jwk.put("kty", "OKP");
            jwk.put("crv", "Ed25519");
            jwk.put("use", "sig");
            jwk.put("alg", "EdDSA");
            jwk.put("kid", key.id);
            jwk.put("x", ParsedToken.encode(key.bytes));
            jwks.add(jwk);
        }
        String text = Json.text(Map.of("keys", jwks));
        return new Published(
                keys,
                text,
                VerificationKey.readAll(text),
                Long.toHexString(TextDigest.of(text).first()));
    }

    private List<Key> read(String json) throws IOException {
        try {
            List<Key> keys = new ArrayList<>();
            if (Json.read(json) instanceof Map<?, ?> file && file.get("keys") instanceof List<?> list) {
                for (Object each : list) {
                    keys.add(read((Map<?, ?>) each));
                }
            }
            if (keys.size() >= 2) {
                return List.copyOf(keys);
            }
        } catch (MessageException | ClassCastException | IllegalArgumentException | DateTimeException e) {
            // reported below, without the text
        }
        throw new IOException(FILE + " is damaged: restore it, or delete it to make new keys, which ends all tokens");
    }

    private static Key read(Map<?, ?> key) {
        return new Key(
                text(key, "kid"),
                Base64.getUrlDecoder().decode(text(key, "x")),
                Ed25519.privateKey(Base64.getUrlDecoder().decode(text(key, "d"))),
                Instant.parse(text(key, "created")),
                Instant.parse(text(key, "signs")),
                Optional.ofNullable(key.get("until")).map(until -> Instant.parse((String) until)));
    }

    private static String text(Map<?, ?> key, String name) {
        @Nullable Object value = key.get(name);
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(name + " is missing");
    }

    private void write(List<Key> keys) throws IOException {
        List<Map<String, Object>> list = new ArrayList<>();
        for (Key key : keys) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("kid", key.id);
            fields.put("x", ParsedToken.encode(key.bytes));
            fields.put("d", ParsedToken.encode(Ed25519.bytes(key.key)));
            fields.put("created", key.createdAt.toString());
            fields.put("signs", key.signsFrom.toString());
            key.until.ifPresent(until -> fields.put("until", until.toString()));
            list.add(fields);
        }
        directory.replace(FILE, Json.text(Map.of("keys", list)) + "\n");
    }

    /** Differs whenever something else is published. */
    public String mark() {
        return published.mark;
    }

    /** What is published (RFC 7517). */
    public String jwks() {
        return published.jwks;
    }

    /** The key of a token; empty if there is none. */
    public Optional<VerificationKey> find(ParsedToken token) {
        return published.verification.stream()
                .filter(key -> key.id().equals(token.keyId()))
                .findFirst();
    }

    /** Signs claims with the current key. */
    public String sign(Map<String, Object> claims) {
        Key key = published.current();
        var header = new JWSHeader.Builder(JWSAlgorithm.EdDSA)
                .keyID(key.id)
                .type(new JOSEObjectType(TokenClaims.ACCESS_TOKEN))
                .build();
        var token = new JWSObject(header, new Payload(Json.text(claims)));
        try {
            token.sign(Ed25519.signer(key.key));
        } catch (JOSEException e) {
            throw new IllegalStateException("the key cannot sign", e);
        }
        return token.serialize();
    }

    /** Returns how long the next key has to be published still, before it may sign; zero or less if it may. */
    public Duration untilReady() {
        return Duration.between(time.instant(), published.next().createdAt.plus(PUBLISHED_FOR));
    }

    /**
     * Signs with the next key from now on.
     *
     * @return its id
     * @throws IOException if that cannot be stored; then nothing has changed
     */
    public synchronized String rotate() throws IOException {
        Published before = published;
        Instant now = Instant.ofEpochSecond(time.instant().getEpochSecond());
        List<Key> keys = new ArrayList<>(before.keys.subList(0, before.keys.size() - 2));
        Key old = before.current();
        Key next = before.next();
        keys.add(new Key(
                old.id,
                old.bytes,
                old.key,
                old.createdAt,
                old.signsFrom,
                Optional.of(now.plus(overlap).plusSeconds(1))));
        keys.add(new Key(next.id, next.bytes, next.key, next.createdAt, now, Optional.empty()));
        keys.add(create());
        replace(keys);
        return next.id;
    }

    private void replace(List<Key> keys) throws IOException {
        write(keys);
        published = published(List.copyOf(keys));
    }

    /**
     * Rotates if it is time to, and removes keys whose last token has ended.
     *
     * @return whether something has changed
     * @throws IOException if that cannot be stored
     */
    public synchronized boolean update() throws IOException {
        Instant now = time.instant();
        boolean changed = false;
        if (!now.isBefore(published.current().signsFrom.plus(rotateEvery))
                && !untilReady().isPositive()) {
            rotate();
            changed = true;
        }
        List<Key> left = new ArrayList<>(published.keys);
        if (left.removeIf(key -> key.until.filter(now::isAfter).isPresent())) {
            replace(left);
            changed = true;
        }
        return changed;
    }
}
