package dev.treaty.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/**
 * Converts names between Java, files and environment variables, and finds the name that is nearest to a misspelled one.
 */
public final class KeyNames {
    private KeyNames() {}

    /** Returns {@code body-bytes-max} for {@code bodyBytesMax}. */
    static String kebab(String camel) {
        var words = new StringBuilder();
        for (int i = 0; i < camel.length(); i++) {
            char letter = camel.charAt(i);
            words.append(Character.isUpperCase(letter) && !words.isEmpty() ? "-" : "")
                    .append(letter);
        }
        return words.toString().toLowerCase(Locale.ROOT);
    }

    /** Returns {@code fail-fast} for {@code FAIL_FAST}. */
    static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns {@code SERVICES_SHOP_ORDERS_DEADLINE} for {@code services.shop.Orders.deadline}. */
    static String variable(String key) {
        var name = new StringBuilder(key.length());
        boolean ended = false; // whether the next letter begins a word
        for (int i = 0; i < key.length(); i++) {
            char letter = key.charAt(i);
            if (letter >= 128 || !Character.isLetterOrDigit(letter)) {
                ended = !name.isEmpty();
                continue;
            }
            if (ended) {
                name.append('_');
                ended = false;
            }
            name.append(Character.toUpperCase(letter));
        }
        return name.toString();
    }

    /** Returns the most similar name, if at most a third of its letters differ. */
    public static Optional<String> nearest(String written, Collection<String> known) {
        return known.stream()
                .filter(name -> distance(written, name) <= Math.max(1, name.length() / 3))
                .min(Comparator.<String>comparingInt(name -> distance(written, name))
                        .thenComparing(name -> name));
    }

    /** Returns the edit distance; exchanging two neighbours is one step (optimal string alignment). */
    static int distance(String a, String b) {
        int longest = Math.max(a.length(), b.length());
        if (Math.abs(a.length() - b.length()) > longest / 2) {
            return longest;
        }
        int[][] steps = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    steps[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                steps[i][j] = Math.min(steps[i - 1][j - 1] + change, Math.min(steps[i - 1][j], steps[i][j - 1]) + 1);
                boolean exchanged =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (exchanged) {
                    steps[i][j] = Math.min(steps[i][j], steps[i - 2][j - 2] + 1);
                }
            }
        }
        return steps[a.length()][b.length()];
    }
}
