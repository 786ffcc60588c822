package dev.treaty.resilience;

import dev.treaty.core.time.Time;
import dev.treaty.resilience.internal.Stripes;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.random.RandomGenerator;

/**
 * Holds calls back at the client while the service pushes back, because even a rejection costs the service something,
 * and a service that is busy rejecting accepts nothing.
 *
 * <p>Over a sliding window it counts <em>requests</em>, all calls whose outcome is known and those held back, and
 * <em>accepts</em>, those that the service did not push back. The next call is held back with the probability
 *
 * <pre>{@code
 * max(0, (requests - ratio * accepts) / (requests + 1))
 * }</pre>
 *
 * <p>so calls pass freely until a service rejects a good part of them; then the client sends about {@code ratio} times
 * what is accepted, and goes on trying. Only pushback counts (RESOURCE_EXHAUSTED): a service that fails is no less able
 * to take calls. A call is counted when its outcome is known, so that slow answers are not taken for rejections.
 *
 * <p>The window has ten buckets. Each stripe counts its current bucket in one word, and hands it on to the common
 * history when the next begins; while nothing is pushed back, a call costs one compare-and-set on its own stripe and
 * one look at a moment that does not change.
 *
 * @see <a href="https://sre.google/sre-book/handling-overload/">Site Reliability Engineering, Handling Overload,
 *     Client-Side Throttling</a>
 */
public final class Throttle {
    private static final int BUCKETS = 10;
    private static final int COUNT_BITS = 20;
    private static final long COUNT_MAX = (1L << COUNT_BITS) - 1;
    /** Where a word's period begins. */
    private static final int PERIOD_BIT = 2 * COUNT_BITS;

    private static final long ACCEPT = 1;
    private static final long REQUEST = 1L << COUNT_BITS;

    /** Behind the history: when the window will hold nothing but accepted calls. */
    private static final int PRESSED_UNTIL = BUCKETS;

    private final ThrottlePolicy policy;
    private final Time time;
    private final long bucketNanos;
    private final long origin;
    private final int stripes;
    /**
     * The history, the moment, and the stripes. A count packs a period (24 bits), its requests and its accepts (20).
     */
    private final AtomicLongArray words;

    /** A throttle that has seen nothing, and follows that time where it is not given a reading of its clock. */
    public Throttle(ThrottlePolicy policy, Time time) {
        this(policy, time, Stripes.count(time));
    }

    Throttle(ThrottlePolicy policy, Time time, int stripes) {
        this.policy = policy;
        this.time = time;
        this.bucketNanos = policy.window().toNanos() / BUCKETS;
        this.stripes = stripes;
        this.words = new AtomicLongArray(at(stripes - 1) + 1);
        long now = time.nanoTime();
        this.origin = now - BUCKETS * bucketNanos; // periods then begin with 10, and no remainder is negative
        words.set(PRESSED_UNTIL, now);
    }

    private static int at(int stripe) {
        return (stripe + 2) * Stripes.SPACING;
    }

    /** The policy that it was made from. */
    public ThrottlePolicy policy() {
        return policy;
    }

    /** {@link #admits(long, RandomGenerator)} by the clock of its time. */
    public boolean admits(RandomGenerator random) {
        return admits(time.nanoTime(), random);
    }

    /** {@link #accepted(long)} by the clock of its time. */
    public void accepted() {
        accepted(time.nanoTime());
    }

    /** {@link #rejected(long)} by the clock of its time. */
    public void rejected() {
        rejected(time.nanoTime());
    }

    /**
     * Whether the call may be made. One that may is to be reported when it is over, unless it never reached the
     * service; one that may not has been counted.
     *
     * @param now a reading of the clock ({@link Time#nanoTime()})
     * @param random decides; not asked where the probability is zero
     */
    public boolean admits(long now, RandomGenerator random) {
        if (words.get(PRESSED_UNTIL) - now <= 0) {
            return true;
        }
        double probability = probability(now);
        if (probability == 0 || random.nextDouble() >= probability) {
            return true;
        }
        rejected(now); // to the window, a call held back is no different from one that the service pushed back
        return false;
    }

    /** The service took that call, whatever came of it. */
    public void accepted(long now) {
        report(Stripes.mine(stripes), true, now);
    }

    /** The service pushed that call back. */
    public void rejected(long now) {
        report(Stripes.mine(stripes), false, now);
    }

    void report(int stripe, boolean accepted, long now) {
        if (accepted) {
            count(stripe, REQUEST + ACCEPT, now);
            return;
        }
        count(stripe, REQUEST, now);
        long until = origin + (period(now) + BUCKETS) * bucketNanos;
        long before = words.get(PRESSED_UNTIL);
        while (until - before > 0 && !words.compareAndSet(PRESSED_UNTIL, before, until)) {
            before = words.get(PRESSED_UNTIL);
        }
    }

    /** The probability with which a call is held back now. */
    public double probability(long now) {
        long requests = requests(now);
        if (requests < policy.minimumCalls()) {
            return 0;
        }
        return Math.max(0, (requests - policy.ratio() * accepts(now)) / (requests + 1));
    }

    /** How many calls in the window ended or were held back. */
    public long requests(long now) {
        return sum(now, COUNT_BITS);
    }

    /** How many calls in the window the service took. */
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

    private static long acceptsIn(long word) {
        return word & COUNT_MAX;
    }

    private long period(long now) {
        return (now - origin) / bucketNanos;
    }

    /** How many periods ago that word's was; negative where that word's is the later one. */
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
                remember(word, period, age);
                return;
            }
        }
    }

    /** Adds a stripe's bucket to the history. What is beyond a million keeps its proportions, not its weight. */
    private void remember(long word, long period, long wordAge) {
        if (wordAge >= BUCKETS || wordAge <= -BUCKETS) {
            return;
        }
        int at = Math.floorMod(period - wordAge, BUCKETS); // a call may be older than the throttle
        while (true) {
            long known = words.get(at);
            long age = age(known, period - wordAge);
            if (age < 0 && age > -2 * BUCKETS) {
                return; // the place has been taken by a later bucket, so this one has left the window
            }
            long requests = requestsIn(word) + (age == 0 ? requestsIn(known) : 0);
            long accepts = acceptsIn(word) + (age == 0 ? acceptsIn(known) : 0);
            while (requests > COUNT_MAX) {
                requests /= 2;
                accepts /= 2;
            }
            long after = (period - wordAge) << PERIOD_BIT | requests << COUNT_BITS | accepts;
            if (words.compareAndSet(at, known, after)) {
                return;
            }
        }
    }
}
