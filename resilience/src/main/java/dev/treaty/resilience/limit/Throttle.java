package dev.treaty.resilience.limit;

import dev.treaty.core.time.Time;
import dev.treaty.resilience.ThrottlePolicy;
import dev.treaty.resilience.internal.Stripes;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.random.RandomGenerator;

/**
 * Adaptive client-side throttling: a client rejects calls itself while the service rejects many, because even a
 * rejection costs the service something, and a service that is busy rejecting accepts nothing.
 *
 * <p>Over a sliding window it counts <em>requests</em>, all calls that ended or were throttled, and <em>accepts</em>,
 * those that the service did not reject. The next call is throttled with the probability
 *
 * <pre>{@code
 * max(0, (requests - ratio * accepts) / (requests + 1))
 * }</pre>
 *
 * <p>so calls pass freely until a service rejects a good part of them; then the client sends about {@code ratio} times
 * what is accepted, and continues to try. Only RESOURCE_EXHAUSTED is a rejection: a service that fails in another way
 * can still take calls. A call is counted at its end, so that slow calls do not count as rejections.
 *
 * <p>The window has ten buckets. Each stripe counts its current bucket in one word, and adds it to the common history
 * when the next bucket begins; unless the service rejects calls, a call costs one compare-and-set on its own stripe and
 * one read of a moment that does not change.
 *
 * @see <a href="https://sre.google/sre-book/handling-overload/">Site Reliability Engineering, Handling Overload,
 *     Client-Side Throttling</a>
 */
public final class Throttle {
    private static final int BUCKETS = 10;
    private static final int COUNT_BITS = 20;
    private static final long COUNT_MAX = (1L << COUNT_BITS) - 1;
    /** The lowest bit of a word's period. */
    private static final int PERIOD_BIT = 2 * COUNT_BITS;

    private static final long ACCEPT = 1;
    private static final long REQUEST = 1L << COUNT_BITS;

    /** The word after the history: when the window will contain no rejection. */
    private static final int REJECTIONS_UNTIL = BUCKETS;

    private final ThrottlePolicy policy;
    private final long bucketNanos;
    private final long origin;
    private final int stripes;
    /** The history, the moment, and the stripes. A count packs a period (24 bits), requests and accepts (20 each). */
    private final AtomicLongArray words;

    public Throttle(ThrottlePolicy policy, Time time) {
        this(policy, time, Stripes.count(time));
    }

    public Throttle(ThrottlePolicy policy, Time time, int stripes) {
        this.policy = policy;
        this.bucketNanos = policy.window().toNanos() / BUCKETS;
        this.stripes = stripes;
        this.words = new AtomicLongArray(at(stripes - 1) + 1);
        long now = time.nanoTime();
        this.origin = now - BUCKETS * bucketNanos; // periods start at 10, and no remainder is negative
        words.set(REJECTIONS_UNTIL, now);
    }

    private static int at(int stripe) {
        return (stripe + 2) * Stripes.SPACING;
    }

    /**
     * Returns whether a call may be made. Its end is to be reported, unless it did not reach the service; a throttled
     * call has been counted.
     *
     * @param now a reading of the clock ({@link Time#nanoTime()})
     * @param random not used if the probability is zero
     */
    public boolean admits(long now, RandomGenerator random) {
        if (words.get(REJECTIONS_UNTIL) - now <= 0) {
            return true;
        }
        double probability = probability(now);
        if (probability == 0 || random.nextDouble() >= probability) {
            return true;
        }
        report(false, now); // in the window, a throttled call equals one that the service rejected
        return false;
    }

    /** Reports a call that the service accepted, successful or not, or rejected. */
    public void report(boolean accepted, long now) {
        report(Stripes.mine(stripes), accepted, now);
    }

    /** Reports a call as a thread of a stripe. */
    public void report(int stripe, boolean accepted, long now) {
        if (accepted) {
            count(stripe, REQUEST + ACCEPT, now);
            return;
        }
        count(stripe, REQUEST, now);
        long until = origin + (period(now) + BUCKETS) * bucketNanos;
        long before = words.get(REJECTIONS_UNTIL);
        while (until - before > 0 && !words.compareAndSet(REJECTIONS_UNTIL, before, until)) {
            before = words.get(REJECTIONS_UNTIL);
        }
    }

    /** Returns the probability with which a call is throttled now. */
    double probability(long now) {
        long requests = requests(now);
        double excess = requests < policy.minimumCalls() ? 0 : requests - policy.ratio() * accepts(now);
        return Math.max(0, excess / (requests + 1));
    }

    /** Returns how many calls in the window ended or were throttled. */
    public long requests(long now) {
        return sum(now, COUNT_BITS);
    }

    /** Returns how many calls in the window the service accepted. */
    public long accepts(long now) {
        return sum(now, 0);
    }

    private long sum(long now, int shift) {
        long period = period(now);
        long sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            sum += counted(words.get(i), period, shift);
        }
        for (int stripe = 0; stripe < stripes; stripe++) {
            sum += counted(words.get(at(stripe)), period, shift);
        }
        return sum;
    }

    private static long counted(long word, long period, int shift) {
        long age = age(word, period);
        return age >= 0 && age < BUCKETS ? word >>> shift & COUNT_MAX : 0;
    }

    private static long requestsIn(long word) {
        return word >>> COUNT_BITS & COUNT_MAX;
    }

    private long period(long now) {
        return (now - origin) / bucketNanos;
    }

    /** Returns by how many periods a word is older; negative if it is newer. */
    private static long age(long word, long period) {
        return ((period - (word >>> PERIOD_BIT)) << PERIOD_BIT) >> PERIOD_BIT;
    }

    private void count(int stripe, long what, long now) {
        long period = period(now);
        int at = at(stripe);
        while (true) {
            long word = words.get(at);
            long age = age(word, period);
            // A thread that read its clock before another began the next bucket counts in that one.
            boolean current = age <= 0 && age > -BUCKETS;
            if (current && requestsIn(word) < COUNT_MAX) {
                if (words.compareAndSet(at, word, word + what)) {
                    return;
                }
            } else if (words.compareAndSet(at, word, (period - (current ? age : 0)) << PERIOD_BIT | what)) {
                if (age < BUCKETS && age > -BUCKETS) {
                    remember(word, period - age);
                }
                return;
            }
        }
    }

    /** Adds a stripe's bucket to the history. Above a million calls it keeps their proportions, not their number. */
    private void remember(long word, long period) {
        int at = Math.floorMod(period, BUCKETS); // a call may be older than the throttle
        while (true) {
            long known = words.get(at);
            long age = age(known, period);
            if (age < 0 && age > -2 * BUCKETS) {
                return; // a newer bucket has the place, so this one has left the window
            }
            long same = age == 0 ? known : 0;
            long requests = requestsIn(word) + requestsIn(same);
            long accepts = (word & COUNT_MAX) + (same & COUNT_MAX);
            while (requests > COUNT_MAX) {
                requests /= 2;
                accepts /= 2;
            }
            if (words.compareAndSet(at, known, period << PERIOD_BIT | requests << COUNT_BITS | accepts)) {
                return;
            }
        }
    }
}
