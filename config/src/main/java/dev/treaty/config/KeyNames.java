package dev.treaty.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** How names are written in files, in variables and in messages. */
public final class KeyNames {
    private static final int TEXT_LENGTH_MAX = 400;
    private static final int QUOTE_LENGTH_MAX = 60;

    private KeyNames() {}

    /** {@code bodyBytesMax} as a key: {@code body-bytes-max}. */
    static String kebab(String camel) {
        var text = new StringBuilder();
        for (int i = 0; i < camel.length(); i++) {
            char c = camel.charAt(i);
            if (Character.isUpperCase(c) && !text.isEmpty()) {
                text.append('-');
            }
            text.append(Character.toLowerCase(c));
        }
        return text.toString();
    }

    /** {@code FAIL_FAST} as a value: {@code fail-fast}. */
    static String kebab(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** {@code services.shop.Orders.retry.attempts} as a variable: {@code SERVICES_SHOP_ORDERS_RETRY_ATTEMPTS}. */
    static String variable(String key) {
        var text = new StringBuilder();
        for (int i = 0; i < key.length(); i++) {
            char c = key.charAt(i);
            if (c < 128 && Character.isLetterOrDigit(c)) {
                text.append(Character.toUpperCase(c));
            } else if (!text.isEmpty() && text.charAt(text.length() - 1) != '_') {
                text.append('_');
            }
        }
        int end = text.length() - 1;
        return end >= 0 && text.charAt(end) == '_' ? text.substring(0, end) : text.toString();
    }

    /** What someone wrote, in quotes, cut where it is long. */
    static String quote(String text) {
        return '"' + (text.length() > QUOTE_LENGTH_MAX ? text.substring(0, QUOTE_LENGTH_MAX) + "…" : text) + '"';
    }

    /** The text as one line that a terminal can show. */
    static String printable(String text) {
        String cut = text.length() > TEXT_LENGTH_MAX ? text.substring(0, TEXT_LENGTH_MAX) + "…" : text;
        var line = new StringBuilder();
        for (int i = 0; i < cut.length(); i++) {
            char c = cut.charAt(i);
            if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
                line.append("\\u%04x".formatted((int) c));
            } else {
                line.append(c);
            }
        }
        return line.toString();
    }

    /** Returns the most similar name, if no more than about a third of its letters differ. */
    public static Optional<String> nearest(String written, Collection<String> known) {
        return known.stream()
                .filter(k -> distance(written, k) <= Math.max(1, k.length() / 3))
                .min(Comparator.<String>comparingInt(k -> distance(written, k)).thenComparing(k -> k));
    }

    /** Edit distance where exchanging two neighbours is one step (optimal string alignment). */
    static int distance(String a, String b) {
        if (Math.abs(a.length() - b.length()) > Math.max(a.length(), b.length()) / 2) {
            return Math.max(a.length(), b.length());
        }
        int[] twoBack = new int[b.length() + 1];
        int[] back = new int[b.length() + 1];
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            back[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(back[j - 1] + change, Math.min(back[j], row[j - 1]) + 1);
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) {
                    row[j] = Math.min(row[j], twoBack[j - 2] + 1);
                }
            }
            int[] free = twoBack;
            twoBack = back;
            back = row;
            row = free;
        }
        return back[b.length()];
    }
}
