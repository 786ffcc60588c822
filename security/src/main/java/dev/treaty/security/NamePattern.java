package dev.treaty.security;

import dev.treaty.core.text.PrintableText;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Names, and patterns for the names below one. Matching allocates nothing.
 *
 * @param exact names
 * @param below beginnings of names, which end in a separator
 * @param all whether {@code *} is among them
 */
record NamePattern(Set<String> exact, List<String> below, boolean all) {
    static final String ALL = "*";

    private static final String LETTER = "[^*\\s\\u0000-\\u001F\\u007F-\\u009F]";

    /** A name. */
    static final String NAME = LETTER + "{1,200}";

    /** A name or a pattern. */
    static final String PATTERN = "\\*|" + NAME + "|" + NAME + "\\.\\*|" + LETTER + "{0,200}/\\*";

    private static final Pattern VALID = Pattern.compile(PATTERN);

    NamePattern {
        exact = Set.copyOf(exact);
        below = List.copyOf(below);
    }

    static NamePattern of(List<String> patterns) {
        var exact = new HashSet<String>();
        var below = new HashSet<String>();
        for (String pattern : patterns) {
            if (isPattern(pattern)) {
                below.add(pattern.substring(0, pattern.length() - 1));
            } else {
                exact.add(pattern);
            }
        }
        boolean all = below.remove("");
        return new NamePattern(exact, List.copyOf(below), all);
    }

    static boolean isPattern(String text) {
        return text.endsWith(ALL);
    }

    /**
     * Returns a copy of patterns.
     *
     * @throws IllegalArgumentException if one is neither a name nor ends in {@code .*} or {@code /*}
     */
    static List<String> check(String key, List<String> patterns) {
        for (String pattern : patterns) {
            if (!VALID.matcher(pattern).matches()) {
                throw new IllegalArgumentException(key + " has " + PrintableText.quote(pattern)
                        + ", which is no name: write a name without spaces, a name followed by .* for those below it,"
                        + " or *");
            }
        }
        return List.copyOf(patterns);
    }

    boolean named(String name) {
        if (exact.contains(name)) {
            return true;
        }
        for (int i = 0; i < below.size(); i++) {
            String prefix = below.get(i);
            if (name.length() > prefix.length() && name.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }

    /** Whether there are only exact names. */
    boolean isExact() {
        return below.isEmpty() && !all;
    }
}
