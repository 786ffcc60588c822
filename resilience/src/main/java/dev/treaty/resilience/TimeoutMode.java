package dev.treaty.resilience;

/** What happens to an attempt at its timeout. */
public enum TimeoutMode {
    /**
     * The attempt is expected to stop: every wait of Treaty ends at the deadline, and other code can check the
     * deadline. It costs nothing. Code that neither checks the deadline nor waits through Treaty delays its caller
     * until it ends.
     */
    COOPERATIVE,
    /**
     * The attempt is interrupted, on the caller's thread: for other code that blocks and can be interrupted. It costs
     * no thread. A result after the timeout is a fault all the same.
     */
    INTERRUPT,
    /**
     * The attempt runs on a virtual thread of its own, is interrupted at its timeout, and is left running if it ignores
     * the interrupt: the caller returns in time in any case. It costs a thread per attempt.
     */
    DETACH
}
