package dev.treaty.core.contract;

import java.util.regex.Pattern;

/**
 * The name of a service, such as {@code shop.Orders}. It is the first segment of the request path, so only letters,
 * digits, dots, dashes and underscores are allowed, beginning with a letter, at most {@value #LENGTH_MAX} characters.
 */
public record ServiceName(String value) implements Comparable<ServiceName> {
    /** The longest name accepted, in characters. */
    public static final int LENGTH_MAX = 128;

    private static final Pattern LEGAL = Pattern.compile("[A-Za-z][A-Za-z0-9._-]*");

    /** @throws IllegalArgumentException where the name is not legal */
    public ServiceName {
        if (value.length() > LENGTH_MAX || !LEGAL.matcher(value).matches()) {
            throw new IllegalArgumentException("\"" + value + "\" is not a service name: use letters, digits, '.', '-'"
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
