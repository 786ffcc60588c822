package dev.treaty.security.token;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The SHA-256 of a secret text: what is kept of it, so that neither memory nor the time of a comparison tells it. */
public record TextDigest(long first, long second, long third, long fourth) {
    /** Returns the digest of a text. */
    public static TextDigest of(String text) {
        ByteBuffer bytes = ByteBuffer.wrap(bytes(text));
        return new TextDigest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    /** Returns the 32 bytes of the digest of a text. */
    public static byte[] bytes(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public int hashCode() {
        return (int) first; // of a uniform distribution
    }
}
