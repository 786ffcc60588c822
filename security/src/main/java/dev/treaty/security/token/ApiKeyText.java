package dev.treaty.security.token;

import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * The text of an API key, {@code treaty_ID_SECRET}: an id of 16 and a secret of 43 letters and digits, which has 256
 * random bits.
 */
public final class ApiKeyText {
    /** How every API key begins, and no signed token. */
    public static final String PREFIX = "treaty_";

    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final int ID_LENGTH = 16;
    private static final int SECRET_LENGTH = 43;
    private static final String UNKNOWN = "00".repeat(32);

    private ApiKeyText() {}

    /** Returns a new id, of letters and digits. */
    public static String newId(RandomGenerator secure) {
        return random(secure, ID_LENGTH);
    }

    /** Returns a new key with an id. */
    public static String create(String id, RandomGenerator secure) {
        return PREFIX + id + "_" + random(secure, SECRET_LENGTH);
    }

    private static String random(RandomGenerator secure, int length) {
        var text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(ALPHABET.charAt(secure.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }

    /** Returns the digest of a key in hexadecimal digits. */
    public static String sha256(String key) {
        return HexFormat.of().formatHex(TextDigest.bytes(key));
    }

    /**
     * Returns the id of a key, if its digest is the known one. A key with an unknown id costs the same as one with a
     * wrong secret.
     *
     * @param known returns the digest of the key with an id, in hexadecimal digits
     */
    public static Optional<String> find(String key, Function<String, Optional<String>> known) {
        int end = PREFIX.length() + ID_LENGTH;
        boolean formed = key.length() == end + 1 + SECRET_LENGTH && key.charAt(end) == '_';
        String id = formed ? key.substring(PREFIX.length(), end) : "";
        byte[] expected = HexFormat.of().parseHex(known.apply(id).orElse(UNKNOWN));
        return MessageDigest.isEqual(expected, TextDigest.bytes(key)) ? Optional.of(id) : Optional.empty();
    }
}
