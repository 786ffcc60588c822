package dev.treaty.core.event;

/** On which side of a call something happened. */
public enum Side {
    /** Where it is made. */
    CLIENT,
    /** Where it is answered. */
    SERVER
}
