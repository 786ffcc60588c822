package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One instance after the other. Where their weights differ, it goes round in the same order and skips the light ones in
 * some rounds: over any n rounds an instance whose weight is the share s of the heaviest's gets n × s calls, to within
 * one, and they are spread evenly over the rounds. It needs one counter and no lock.
 */
public final class RoundRobin implements LoadBalancer {
    /** The golden ratio: instances of the same weight do not all skip the same rounds. */
    private static final double APART = 0.618033988749895;

    private final AtomicLong next = new AtomicLong();

    /** A picker that begins with the first instance. */
    public RoundRobin() {}

    @Override
    public int pick(Candidates candidates, Call call, long nowNanos) {
        int count = candidates.eligible();
        float heaviest = candidates.heaviest();
        long tries = count;
        while (tries > 0) {
            long turn = next.getAndIncrement();
            int n = (int) (turn % count);
            int index = candidates.eligible(n);
            if (heaviest == 0 || due(candidates.weight(index) / heaviest, turn / count, n)) {
                tries--;
                if (candidates.fits(index, call, nowNanos)) {
                    return index;
                }
            }
        }
        return candidates.leastLoaded(call, nowNanos);
    }

    /** Whether an instance with that share has its turn in that round. */
    private static boolean due(double share, long round, int n) {
        double phase = n * APART % 1;
        return (long) ((round + 1) * share + phase) > (long) (round * share + phase);
    }
}
