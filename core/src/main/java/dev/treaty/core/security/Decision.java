package dev.treaty.core.security;

/**
 * Whether a caller may do something, and why.
 *
 * @param allowed whether it may
 * @param rule the name of the rule that decided; empty if none matches, which denies
 * @param reason why, in one sentence
 */
public record Decision(boolean allowed, String rule, String reason) {
    /** The decision while security is off. */
    public static final Decision OFF = new Decision(true, "", "security is off");
}
