package dev.treaty.benchmarks.guards;

import java.time.Duration;

/** What every subject guards, and how: the same for all of them. */
final class Body {
    /** The most calls at a time; far more than there are threads. */
    static final int CONCURRENT = 200;

    /** The most calls a second: so many that none is ever refused. */
    static final int PER_SECOND = 500_000_000;

    /** How many calls a window of calls holds. */
    static final int WINDOW_CALLS = 100;

    /** How far back a window of time looks. */
    static final Duration WINDOW = Duration.ofSeconds(10);

    /** Only with that many calls is a window judged. */
    static final int CALLS_MIN = 20;

    /** What share of the calls must fail for a breaker to open, as a share of one and as a percentage. */
    static final double FAILURE_RATE = 0.5;

    static final int FAILURE_PERCENT = 50;

    /** For how long a breaker opens. */
    static final Duration OPEN = Duration.ofSeconds(1);

    /** For how long a breaker opens that refuses for as long as it is measured. */
    static final Duration OPEN_THROUGHOUT = Duration.ofHours(1);

    static final int ATTEMPTS = 3;
    static final Duration BACKOFF = Duration.ofMillis(20);
    static final Duration TIMEOUT = Duration.ofSeconds(5);

    private Integer answer = 42;

    /** The work itself: next to nothing, so that what is measured is the guard. */
    Integer run() {
        return answer;
    }

    /** A failure, to open breakers with. */
    static Integer fail() {
        throw new IllegalStateException("down");
    }

    /** Changes the answer, so that the compiler cannot know it. */
    void answer(int changed) {
        answer = changed;
    }
}
