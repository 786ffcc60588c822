package dev.treaty.core.contract;

import dev.treaty.core.text.PrintableText;
import java.util.regex.Pattern;

/**
 * A range of versions, written as in most package managers: {@code ^1.4} is 1.4.0 or newer with the same major number,
 * {@code >=1.4 <3} has both ends, and {@code *} is any version.
 *
 * @param from the lowest version in the range
 * @param below the upper end, which is not in the range
 */
public record VersionRange(Version from, Version below) {
    private static final Version FIRST = new Version(0, 0, 0);
    private static final Version NONE = new Version(Integer.MAX_VALUE, 0, 0);
    private static final Pattern SPACE = Pattern.compile("\\s+");

    /** Any version. */
    public static final VersionRange ANY = new VersionRange(FIRST, NONE);

    /** @throws IllegalArgumentException if the range is empty */
    public VersionRange {
        if (from.compareTo(below) >= 0) {
            throw new IllegalArgumentException("no version is " + from + " or newer and below " + below);
        }
    }

    /** This version or a newer one with the same major number: {@code ^1.4}. */
    public static VersionRange from(Version lowest) {
        return new VersionRange(lowest, new Version(lowest.major() + 1, 0, 0));
    }

    /**
     * Parses {@code ^1.4}, {@code >=1.4}, {@code <3}, {@code >=1.4 <3} or {@code *}.
     *
     * @throws IllegalArgumentException if the text is none of these
     */
    public static VersionRange parse(String text) {
        String trimmed = text.strip();
        if (trimmed.equals("*")) {
            return ANY;
        }
        if (trimmed.startsWith("^")) {
            return from(Version.parse(trimmed.substring(1)));
        }
        Version from = FIRST;
        Version below = NONE;
        for (String part : SPACE.splitAsStream(trimmed).toList()) {
            if (part.startsWith(">=")) {
                from = Version.parse(part.substring(2));
            } else if (part.startsWith("<") && !part.startsWith("<=")) {
                below = Version.parse(part.substring(1));
            } else {
                throw new IllegalArgumentException(
                        PrintableText.quote(text) + " is not a range of versions: write ^1.4, \">=1.4 <3\" or *");
            }
        }
        return new VersionRange(from, below);
    }

    /** Returns true if the version is in the range. */
    public boolean contains(Version version) {
        return from.compareTo(version) <= 0 && version.compareTo(below) < 0;
    }

    @Override
    public String toString() {
        if (equals(ANY)) {
            return "*";
        }
        if (below.equals(new Version(from.major() + 1, 0, 0))) {
            return "^" + from;
        }
        String upper = below.equals(NONE) ? "" : "<" + below;
        return from.equals(FIRST) ? upper : ">=" + from + (upper.isEmpty() ? "" : " " + upper);
    }
}
