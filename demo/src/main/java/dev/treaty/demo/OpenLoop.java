package dev.treaty.demo;

import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Phaser;
import java.util.concurrent.locks.LockSupport;

/**
 * Calls the storefront at a fixed rate, whether or not earlier calls have ended. Latency counts from the time at which
 * a call was due, so that a stall of the load generator or of the shop counts too (coordinated omission).
 */
final class OpenLoop {
    /** The deadline of each call. */
    static final Duration DEADLINE = Duration.ofSeconds(2);

    /** A response is late if it arrives this long after its deadline. */
    static final Duration TOLERANCE = Duration.ofMillis(50);

    /** The most failures that are kept with their reasons. */
    static final int FAILURES_MAX = 20;

    /** A call that failed, and when it was due. */
    record Failed(double atSeconds, String operation, Fault fault) {}

    private final Customers customers;
    private final int rate;
    private final long startNanos = System.nanoTime();
    private final Phaser inFlight = new Phaser(1);
    private final CallTotals total = new CallTotals();
    private final CallTotals recent = new CallTotals();
    private final List<InjectedFault> faults;
    private final List<Failed> failures = new CopyOnWriteArrayList<>();

    /**
     * A load that has not begun.
     *
     * @param rate calls per second
     * @param faults what will happen meanwhile
     */
    OpenLoop(Customers customers, int rate, List<InjectedFault> faults) {
        this.customers = customers;
        this.rate = rate;
        this.faults = faults;
    }

    /** Makes calls for a duration, and returns when the last one has ended. */
    void run(Duration duration) {
        double intervalNanos = 1e9 / rate;
        long calls = (long) Math.ceil(duration.toNanos() / intervalNanos);
        for (long i = 0; i < calls; i++) {
            long due = (long) (i * intervalNanos);
            for (long left = due - now(); left > 0; left = due - now()) {
                LockSupport.parkNanos(this, left);
            }
            begin(i, due);
        }
        inFlight.arriveAndAwaitAdvance();
    }

    /** Returns the nanoseconds since the load began. */
    long now() {
        return System.nanoTime() - startNanos;
    }

    private void begin(long number, long due) {
        inFlight.register();
        Thread.startVirtualThread(() -> {
            try {
                Duration left = DEADLINE.minusNanos(now() - due);
                count(number, due, customers.call(number, left.isPositive() ? left : Duration.ofNanos(1)));
            } finally {
                inFlight.arriveAndDeregister();
            }
        });
    }

    private void count(long number, long due, ServiceResponse<?> response) {
        long latency = now() - due;
        boolean late = latency > DEADLINE.plus(TOLERANCE).toNanos();
        boolean failed = response instanceof ServiceResponse.Failed;
        total.add(latency, failed, late);
        recent.add(latency, failed, late);
        faults.forEach(fault -> fault.count(due, latency, failed, late));
        if (response instanceof ServiceResponse.Failed<?>(var fault, var _, var _)) {
            if (failures.size() < FAILURES_MAX) {
                failures.add(new Failed(InjectedFault.seconds(due), Customers.operation(number), fault));
            }
        }
    }

    List<InjectedFault> faults() {
        return faults;
    }

    /** Returns the first failures. */
    List<Failed> failures() {
        return failures.stream().limit(FAILURES_MAX).toList();
    }

    CallTotals.Summary total() {
        return total.summary();
    }

    /** Returns the totals of the calls that ended since the last call of this method. */
    CallTotals.Summary recent() {
        return recent.drain();
    }
}
