package dev.treaty.balance;

import dev.treaty.core.call.Call;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Picks each instance in turn. If weights differ, the order stays and lighter instances are skipped in some rounds:
 * over any n rounds an instance with the share s of the greatest weight gets n × s calls, within one, spread evenly
 * over the rounds. It needs one counter and no lock.
 */
final class RoundRobin implements LoadBalancer {
    /** The golden ratio: instances of equal weight do not all skip the same rounds. */
    private static final double PHASE_STEP = 0.618033988749895;

    /** The number of the next turn; it starts at random, so that new clients do not all begin with one instance. */
    private final AtomicLong next;

    RoundRobin(RandomGenerator random) {
        next = new AtomicLong(random.nextInt(Integer.MAX_VALUE));
    }

    @Override
    public int pick(Candidates<?> candidates, Call call, long nowNanos) {
        int count = candidates.eligible();
        float heaviest = candidates.heaviest();
        long turns = candidates.even() ? count : 2L * count; // if all that were due are busy, the load decides
        for (; turns > 0; turns--) {
            long turn = next.getAndIncrement();
            int n = (int) (turn % count);
            int index = candidates.eligible(n);
            boolean due = candidates.even() || due(candidates.weight(index) / heaviest, turn / count, n);
            if (due && candidates.fits(index, call, nowNanos)) {
                return index;
            }
        }
        return candidates.leastLoaded(call, nowNanos);
    }

    /** Returns true if an instance with that share of the greatest weight takes part in that round. */
    private static boolean due(double share, long round, int n) {
        double phase = n * PHASE_STEP % 1;
        return (long) ((round + 1) * share + phase) > (long) (round * share + phase);
    }
}
