package dev.treaty.config;

import dev.treaty.config.TextFile.UnreadableException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Replaces texts that refer to a secret by the secret: {@code file:/run/secrets/db} by the content of that file, {@code
 * env:DB_PASSWORD} by the value of that variable. {@code $file:…} and {@code $env:…} are such texts themselves. Each
 * reference is followed once, so that the settings do not change after they have been read.
 */
final class SecretReferences {
    /** The largest file with a secret, in bytes. */
    static final int FILE_BYTES_MAX = 64 << 10;

    private static final String FILE = "file:";
    private static final String VARIABLE = "env:";

    private final Map<String, String> environment;
    private final Map<String, String> secrets = new HashMap<>(); // by reference

    SecretReferences(Map<String, String> environment) {
        this.environment = environment;
    }

    static boolean isReference(String text) {
        return text.startsWith(FILE) || text.startsWith(VARIABLE);
    }

    /**
     * Returns the secret, or the text itself if it is no reference.
     *
     * @throws IllegalArgumentException if there is no such secret
     */
    String follow(String text, Problems problems) {
        if (!isReference(text)) {
            return text.startsWith("$") && isReference(text.substring(1)) ? text.substring(1) : text;
        }
        String secret;
        synchronized (secrets) {
            secret = secrets.computeIfAbsent(text, this::secret);
        }
        problems.hide(secret, text);
        return secret;
    }

    private String secret(String reference) {
        if (reference.startsWith(VARIABLE)) {
            String name = reference.substring(VARIABLE.length());
            String value = environment.get(name);
            if (value == null) {
                throw new IllegalArgumentException("the environment has no " + name + "; set it");
            }
            return value;
        }
        Path file = Path.of(reference.substring(FILE.length()).replaceFirst("^//(?=/)", ""));
        if (!file.isAbsolute()) {
            throw new IllegalArgumentException(
                    reference + " is not an absolute path: write for example file:/run/secrets/db");
        }
        try {
            return TextFile.read(file, FILE_BYTES_MAX).replaceFirst("\\r?\\n\\z", "");
        } catch (UnreadableException e) {
            throw new IllegalArgumentException("the secret " + reference + " cannot be read: " + e.getMessage(), e);
        }
    }
}
