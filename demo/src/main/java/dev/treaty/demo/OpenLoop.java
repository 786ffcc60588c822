package dev.treaty.demo;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Customers who do not wait for each other: a call begins when its time has come, whether or not earlier ones are
 * over. Latency counts from the time at which the call was meant to begin, so that a stall of ours or of the shop's is
 * not forgiven by calls that began late (coordinated omission).
 */
final class OpenLoop {
    /** How long a customer waits. */
    static final Duration DEADLINE = Duration.ofSeconds(2);

    /** How much later than its deadline an answer may come before it counts as late. */
    static final Duration TOLERANCE = Duration.ofMillis(50);

    /** How many customers there are. */
    static final int CUSTOMERS = 997;

    /** The most calls under way; beyond, the shop is hopelessly behind and a call fails at once. */
    static final int IN_FLIGHT_MAX = 20_000;

    /** The most failures that are kept with their reasons. */
    static final int FAILURES_MAX = 20;

    private static final List<String> PRODUCTS = List.of(
            "tea", "coffee", "honey", "bread", "cheese", "apples", "oil", "pasta", "rice", "salt", "wine", "nuts");

    /** How a call is made. */
    @FunctionalInterface
    interface Storefront {
        ServiceResponse<?> call(String operation, Map<String, ?> request, Duration deadline)
                throws InterruptedException;
    }

    /** A call that failed: when it began, what it was and why it failed. */
    record Failed(double atSeconds, String operation, Fault fault) {}

    private final Storefront storefront;
    private final int rate;
    private final String series;
    private final long startNanos = System.nanoTime();
    private final Phaser underWay = new Phaser(1);
    private final AtomicLong begun = new AtomicLong();
    private final CallTotals total = new CallTotals();
    private final CallTotals recent = new CallTotals();
    private final InjectedFault calm = new InjectedFault("calm", "", "nothing is done to the shop", 0);
    private final List<InjectedFault> faults = new CopyOnWriteArrayList<>();
    private final List<Failed> failures = new ArrayList<>();
    private volatile boolean stopped;

    /**
     * A load that has not begun.
     *
     * @param rate calls per second
     * @param series begins the id of every order, so that another run places other orders
     */
    OpenLoop(Storefront storefront, int rate, String series) {
        this.storefront = storefront;
        this.rate = rate;
        this.series = series;
    }

    /** Makes calls for that long or until {@link #stop}, and returns when the last one is over. */
    void run(Duration duration) {
        long end = duration.toNanos();
        double pause = 1e9 / rate;
        for (long i = 0; !stopped; i++) {
            long at = (long) (i * pause);
            if (at >= end) {
                break;
            }
            for (long left = at - now(); left > 0 && !stopped; left = at - now()) {
                LockSupport.parkNanos(this, left);
            }
            begin(i, at);
        }
        underWay.arriveAndAwaitAdvance();
    }

    /** Ends the load early. */
    void stop() {
        stopped = true;
    }

    /** Nanoseconds since the load began. */
    long now() {
        return System.nanoTime() - startNanos;
    }

    private void begin(long number, long at) {
        if (underWay.getUnarrivedParties() > IN_FLIGHT_MAX) {
            count(number, at, ServiceResponse.failed(Code.RESOURCE_EXHAUSTED, "too many calls are under way"));
            return;
        }
        underWay.register();
        begun.incrementAndGet();
        Thread.startVirtualThread(() -> {
            try {
                count(number, at, answer(number, at));
            } finally {
                underWay.arriveAndDeregister();
            }
        });
    }

    private ServiceResponse<?> answer(long number, long at) {
        try {
            Duration left = DEADLINE.minusNanos(now() - at);
            return storefront.call(operation(number), request(number), left.isPositive() ? left : Duration.ofNanos(1));
        } catch (InterruptedException e) {
            return ServiceResponse.failed(Code.CANCELED, "the demo was interrupted");
        } catch (RuntimeException e) {
            return ServiceResponse.failed(Code.INTERNAL, "the client made a mistake: " + e);
        }
    }

    private static String operation(long number) {
        return number % 2 == 0 ? "checkout" : "browse";
    }

    private Map<String, ?> request(long number) {
        String customer = "customer-" + number % CUSTOMERS;
        if (number % 2 != 0) {
            return Map.of("customer", customer);
        }
        int product = (int) (number / 2 % PRODUCTS.size());
        return Map.of(
                "id",
                series + "-" + number,
                "customer",
                customer,
                "lines",
                List.of(line(product, 1 + number % 3), line((product + 5) % PRODUCTS.size(), 1)));
    }

    private static Map<String, ?> line(int product, long quantity) {
        return Map.of("product", PRODUCTS.get(product), "quantity", quantity);
    }

    private void count(long number, long at, ServiceResponse<?> response) {
        long latency = now() - at;
        boolean late = latency > DEADLINE.plus(TOLERANCE).toNanos();
        boolean failure = response instanceof ServiceResponse.Failed;
        total.add(latency, failure, late);
        recent.add(latency, failure, late);
        calm.count(at, latency, failure, late);
        for (InjectedFault fault : faults) {
            fault.count(at, latency, failure, late);
        }
        if (response instanceof ServiceResponse.Failed<?>(var fault, var _)) {
            keep(new Failed(Math.round(at / 1e7) / 100.0, operation(number), fault));
        }
    }

    private void keep(Failed failure) {
        synchronized (failures) {
            if (failures.size() < FAILURES_MAX) {
                failures.add(failure);
            }
        }
    }

    /** Counts the calls from now on for that fault too; the calm is over with the first. */
    void count(InjectedFault fault) {
        if (faults.isEmpty()) {
            calm.end(fault.startNanos());
        }
        faults.add(fault);
    }

    /** The time before the first fault, to compare with. */
    InjectedFault calm() {
        return calm;
    }

    /** Everything that was done so far, in order. */
    List<InjectedFault> faults() {
        return List.copyOf(faults);
    }

    /** Everything that was done before then: what was begun after the last call met none. */
    List<InjectedFault> faultsBefore(long nanos) {
        return faults.stream().filter(fault -> fault.startNanos() < nanos).toList();
    }

    /** The first failures with their reasons. */
    List<Failed> failures() {
        synchronized (failures) {
            return List.copyOf(failures);
        }
    }

    /** How many calls have begun. */
    long begun() {
        return begun.get();
    }

    CallTotals.Summary total() {
        return total.summary();
    }

    /** What the calls that ended since the last time came to. */
    CallTotals.Summary recent() {
        return recent.drain();
    }
}
