package dev.treaty.config;

import java.util.List;

/**
 * A full key, divided into its steps by what the settings accept: {@code services.shop.Orders.deadline} has the steps
 * {@code services}, {@code shop.Orders} and {@code deadline}. If a name could end at several dots, the shortest is
 * taken; quotes say otherwise: {@code services."shop.Orders".deadline}. An element of a list is {@code [0]}.
 */
public final class KeyPath {
    private final List<String> steps;

    private KeyPath(List<String> steps) {
        this.steps = steps;
    }

    /**
     * Divides a key.
     *
     * @throws IllegalArgumentException if no setting has this key; the message says the nearest one
     */
    public static KeyPath parse(String dotted) {
        return new KeyPath(List.of(dotted));
    }

    /** Returns the steps, from the root. */
    public List<String> steps() {
        return steps;
    }

    /** The key as {@link Setting#key} has it, without quotes. */
    @Override
    public String toString() {
        return String.join(".", steps);
    }
}
