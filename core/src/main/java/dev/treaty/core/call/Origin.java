package dev.treaty.core.call;

/** Who gave the answer to a call: the service itself, or which kind of fallback in its place. */
public enum Origin {
    /** The service itself. */
    SERVICE,
    /** A fixed answer kept for this case. */
    STATIC,
    /** The last good answer to the same question. */
    CACHED,
    /** Another service or supplier. */
    ALTERNATIVE,
    /** An answer computed from the request and the fault. */
    DEGRADED
}
