package dev.treaty.resilience;

/** What happens to an attempt whose time is up. */
public enum TimeoutMode {
    /**
     * The attempt is asked: every wait of Treaty ends at the deadline, and so does foreign code that looks at it. Costs
     * nothing. Code that neither looks nor waits through Treaty keeps its caller until it is done.
     */
    COOPERATIVE,
    /**
     * The attempt is interrupted, on the caller's own thread: for foreign code that blocks and can be interrupted.
     * Costs no thread per call. What it answers after that is a fault all the same, since it came too late.
     */
    INTERRUPT,
    /**
     * The attempt runs on a virtual thread of its own, is interrupted when its time is up, and is left behind where it
     * does not listen: the caller is back in time whatever the attempt does. Costs a thread per attempt.
     */
    DETACH
}
