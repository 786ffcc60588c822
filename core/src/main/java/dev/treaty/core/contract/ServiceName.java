package dev.treaty.core.contract;

import dev.treaty.core.text.PrintableText;
import java.util.regex.Pattern;

/**
 * The name of a service, such as {@code shop.Orders}. It is the first segment of the request path: letters, digits,
 * dots, dashes and underscores, beginning with a letter, at most {@value #LENGTH_MAX} characters.
 */
public record ServiceName(String value) implements Comparable<ServiceName> {
    /** The maximum length, in characters. */
    public static final int LENGTH_MAX = 128;

    private static final Pattern VALID = Pattern.compile("[A-Za-z][A-Za-z0-9._-]*");

    /** @throws IllegalArgumentException if the name is not valid */
    public ServiceName {
        if (value.length() > LENGTH_MAX || !VALID.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    PrintableText.quote(value) + " is not a service name: use letters, digits, '.', '-'"
                            + " and '_', begin with a letter, at most " + LENGTH_MAX + " characters");
        }
    }

    @Override
    public int compareTo(ServiceName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
