package dev.treaty.benchmarks.balance;

import java.util.Locale;

/** What is wrong with one of the instances. */
enum Sickness {
    /** Nothing: it answers after {@link #USUAL_MILLIS}. */
    HEALTHY,
    /** It takes twenty times as long. */
    SLOW,
    /** It never answers. */
    HUNG,
    /** It refuses at once. */
    REFUSING,
    /** It fails every other call, at once. */
    HALF,
    /** It stops for half a second every five seconds. */
    PAUSING;

    static final long USUAL_MILLIS = 5;
    private static final long SLOW_MILLIS = 20 * USUAL_MILLIS;
    private static final long PAUSE_EVERY_MILLIS = 5_000;
    private static final long PAUSE_MILLIS = 500;

    /** As it stands in reports. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Does what an instance does with its nth call; tells whether it answers well. */
    boolean serve(long number) throws InterruptedException {
        switch (this) {
            case HEALTHY -> Thread.sleep(USUAL_MILLIS);
            case SLOW -> Thread.sleep(SLOW_MILLIS);
            case HUNG -> Thread.sleep(60_000);
            case REFUSING -> {
                return false;
            }
            case HALF -> {
                if (number % 2 == 0) {
                    return false;
                }
                Thread.sleep(USUAL_MILLIS);
            }
            case PAUSING -> {
                long into = System.nanoTime() / 1_000_000 % PAUSE_EVERY_MILLIS;
                Thread.sleep(USUAL_MILLIS + Math.max(0, PAUSE_MILLIS - into));
            }
        }
        return true;
    }
}
