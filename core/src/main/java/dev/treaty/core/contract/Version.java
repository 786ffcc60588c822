package dev.treaty.core.contract;

import dev.treaty.core.text.PrintableText;
import java.util.Comparator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A semantic version, {@code major.minor.patch}. Omitted numbers are zero: {@code "1.4"} is {@code 1.4.0}.
 *
 * @see <a href="https://semver.org">Semantic Versioning 2.0.0</a>
 */
public record Version(int major, int minor, int patch) implements Comparable<Version> {
    private static final Pattern TEXT = Pattern.compile("(\\d{1,9})(?:\\.(\\d{1,9}))?(?:\\.(\\d{1,9}))?");
    private static final Comparator<Version> ORDER = Comparator.comparingInt(Version::major)
            .thenComparingInt(Version::minor)
            .thenComparingInt(Version::patch);

    /** @throws IllegalArgumentException if a number is negative */
    public Version {
        if (major < 0 || minor < 0 || patch < 0) {
            throw new IllegalArgumentException(
                    "a version has no negative numbers: " + major + "." + minor + "." + patch);
        }
    }

    /**
     * Parses {@code "1"}, {@code "1.4"} or {@code "1.4.0"}.
     *
     * @throws IllegalArgumentException if the text is none of these
     */
    public static Version parse(String text) {
        var match = TEXT.matcher(text);
        if (!match.matches()) {
            throw new IllegalArgumentException(
                    PrintableText.quote(text) + " is not a version: write major.minor.patch, such as 1.4.0");
        }
        return new Version(number(match.group(1)), number(match.group(2)), number(match.group(3)));
    }

    private static int number(@Nullable String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    @Override
    public int compareTo(Version other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor + "." + patch;
    }
}
