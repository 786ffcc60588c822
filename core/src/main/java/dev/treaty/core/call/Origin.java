package dev.treaty.core.call;

/** The origin of a response: the service itself, or a kind of fallback. */
public enum Origin {
    /** The service itself. */
    SERVICE,
    /** A fixed response. */
    STATIC,
    /** The last successful response to an equal request. */
    CACHED,
    /** Another service. */
    ALTERNATIVE,
    /** A response computed from the request and the fault. */
    DEGRADED
}
