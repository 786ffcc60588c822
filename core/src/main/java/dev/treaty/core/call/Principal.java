package dev.treaty.core.call;

/**
 * The service or user that makes a call.
 *
 * @param name its name; empty if it is anonymous
 * @param authenticated whether the name is proved, rather than only claimed. Servers trust the priority of
 *     authenticated callers only; no authenticator sets it yet
 */
public record Principal(String name, boolean authenticated) {
    /** A caller without a name. */
    public static final Principal ANONYMOUS = new Principal("", false);

    /** A caller whose name is not proved. */
    public static Principal claimed(String name) {
        return name.isEmpty() ? ANONYMOUS : new Principal(name, false);
    }
}
