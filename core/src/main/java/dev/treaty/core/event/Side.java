package dev.treaty.core.event;

/** The side of a call on which something happened. */
public enum Side {
    /** The side that sends the request. */
    CLIENT,
    /** The side that returns the response. */
    SERVER
}
