package dev.treaty.security.token;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A signed token that is well formed. Nothing that it states is proven until a key {@linkplain
 * VerificationKey#verifies verifies} it.
 *
 * @param algorithm the algorithm that its header states
 * @param keyId the id of the key that its header states
 * @param type the type that its header states, in lower case and without {@code application/}; empty for none
 * @param claims its payload
 * @param signed the bytes that are signed
 * @param signature the signature
 */
@SuppressWarnings("ArrayRecordComponent") // it is never compared
public record ParsedToken(
        String algorithm,
        String keyId,
        String type,
        Map<String, @Nullable Object> claims,
        byte[] signed,
        byte[] signature) {
    private static final int KEY_ID_LENGTH_MAX = 256;
    private static final String MEDIA_TYPE = "application/";

    /**
     * Headers by which a sender would choose the key or the meaning of the token: a key or its address, an extension, a
     * nested, encrypted, compressed or detached token.
     */
    private static final Set<String> REFUSED =
            Set.of("jwk", "jku", "x5u", "x5c", "crit", "b64", "cty", "zip", "enc", "epk", "apu", "apv", "p2s", "p2c");

    /**
     * Reads the compact form.
     *
     * @throws InvalidTokenException if it is not well formed, or has a header that is refused
     */
    public static ParsedToken parse(String text) throws InvalidTokenException {
        int first = text.indexOf('.');
        int second = text.indexOf('.', first + 1);
        if (first <= 0 || second <= first + 1 || second == text.length() - 1 || text.indexOf('.', second + 1) >= 0) {
            throw new InvalidTokenException("it has not three parts");
        }
        Map<String, @Nullable Object> header = object(decode(text.substring(0, first)), "header");
        for (String name : REFUSED) {
            if (header.containsKey(name)) {
                throw new InvalidTokenException("its header has " + name);
            }
        }
        String algorithm = text(header, "alg").orElseThrow(() -> new InvalidTokenException("it has no algorithm"));
        String keyId = text(header, "kid").orElseThrow(() -> new InvalidTokenException("it names no key"));
        if (keyId.length() > KEY_ID_LENGTH_MAX) {
            throw new InvalidTokenException("the name of its key is too long");
        }
        String type = lowerCase(text(header, "typ").orElse(""));
        return new ParsedToken(
                algorithm,
                keyId,
                type.startsWith(MEDIA_TYPE) ? type.substring(MEDIA_TYPE.length()) : type,
                object(decode(text.substring(first + 1, second)), "payload"),
                text.substring(0, second).getBytes(StandardCharsets.US_ASCII),
                decode(text.substring(second + 1)));
    }

    private static String lowerCase(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** Decodes Base64 of the alphabet for URLs, without padding; other texts of the same bytes are refused. */
    static byte[] decode(String text) throws InvalidTokenException {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text.getBytes(StandardCharsets.UTF_8));
            if (encode(bytes).equals(text)) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // refused below
        }
        throw new InvalidTokenException("it is not Base64 for URLs in its only form");
    }

    /** Encodes Base64 of the alphabet for URLs, without padding. */
    public static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, @Nullable Object> object(byte[] json, String part) throws InvalidTokenException {
        try {
            if (Json.read(json) instanceof Map<?, ?> map) {
                return (Map<String, @Nullable Object>) map;
            }
        } catch (MessageException e) {
            // refused below: the sentence of the exception may quote the token
        }
        throw new InvalidTokenException("its " + part + " is not one JSON object");
    }

    private static Optional<String> text(Map<String, @Nullable Object> values, String name)
            throws InvalidTokenException {
        Object value = values.get(name);
        if (value == null && !values.containsKey(name)) {
            return Optional.empty();
        }
        if (value instanceof String text && !text.isEmpty()) {
            return Optional.of(text);
        }
        throw new InvalidTokenException(name + " is not a text");
    }

    /**
     * Returns a claim that is a text; empty if there is none.
     *
     * @throws InvalidTokenException if it is not a text, or an empty one
     */
    public Optional<String> text(String name) throws InvalidTokenException {
        return text(claims, name);
    }

    /**
     * Returns a claim that is a text or a list of texts; empty if there is none.
     *
     * @throws InvalidTokenException if it is anything else
     */
    public List<String> texts(String name) throws InvalidTokenException {
        Object value = claims.get(name);
        if (value == null && !claims.containsKey(name)) {
            return List.of();
        }
        return texts(value).orElseThrow(() -> new InvalidTokenException(name + " is not a list of texts"));
    }

    /** Returns a value that is a text or a list of texts. */
    static Optional<List<String>> texts(@Nullable Object value) {
        return switch (value) {
            case String text -> Optional.of(List.of(text));
            case List<?> list
            when list.stream().allMatch(String.class::isInstance) ->
                Optional.of(list.stream().map(String.class::cast).toList());
            case null, default -> Optional.empty();
        };
    }

    @Override
    public String toString() {
        return "ParsedToken[" + algorithm + "]";
    }
}
