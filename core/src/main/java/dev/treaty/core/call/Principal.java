package dev.treaty.core.call;

/**
 * Who makes a call.
 *
 * @param name the service or user; empty for nobody in particular
 * @param authenticated whether the name was proved, rather than only claimed
 */
public record Principal(String name, boolean authenticated) {
    /** Nobody in particular. */
    public static final Principal ANONYMOUS = new Principal("", false);

    /** A name that was only claimed. */
    public static Principal claimed(String name) {
        return name.isEmpty() ? ANONYMOUS : new Principal(name, false);
    }
}
