package dev.treaty.resilience;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * A server with a known capacity behind a limiter, and more callers than it can serve: a number of workers, each with
 * one call at a time, and a backlog from which they take the oldest. Calls arrive whether or not others were refused.
 * Time is virtual and random numbers are seeded, so every run is the same.
 */
public final class OverloadedServer {
    private final ManualTime time = new ManualTime();
    private final Random random = new Random(7);
    private final PriorityQueue<Long> workersFreeAt = new PriorityQueue<>();
    private final PriorityQueue<Ending> endings = new PriorityQueue<>();
    private final int workers;
    private final int backlogMax;
    private final ConcurrencyLimiter limiter;
    private double serviceNanos;
    private double callsPerSecond;
    private long nextCallAt;

    private record Ending(long at, long started, boolean dropped) implements Comparable<Ending> {
        @Override
        public int compareTo(Ending other) {
            return Long.compare(at, other.at);
        }
    }

    /**
     * The result of a period.
     *
     * @param goodput calls served, as a share of what the workers can do
     * @param slowness how long those took on average, backlog included, in units of the time of service
     * @param limit the limit at its end
     */
    public record Report(double goodput, double slowness, int limit) {}

    /** Creates a server with a backlog of that size; further calls are dropped. */
    public OverloadedServer(ConcurrencyPolicy policy, int workers, int backlogMax) {
        this.workers = workers;
        this.backlogMax = backlogMax;
        this.limiter = new ConcurrencyLimiter(policy, time);
        for (int i = 0; i < workers; i++) {
            workersFreeAt.add(0L);
        }
    }

    public ConcurrencyLimiter limiter() {
        return limiter;
    }

    /**
     * Changes the average duration of a call, which varies by a fifth, and the load, as a multiple of what the server
     * can serve.
     */
    public OverloadedServer serves(Duration mean, double overload) {
        serviceNanos = mean.toNanos();
        callsPerSecond = overload * workers * 1e9 / serviceNanos;
        nextCallAt = time.nanoTime();
        return this;
    }

    public Report run(Duration span) {
        long began = time.nanoTime();
        long end = began + span.toNanos();
        long served = 0;
        double nanos = 0;
        while (true) {
            boolean ends = !endings.isEmpty() && endings.peek().at <= nextCallAt;
            long at = ends ? endings.peek().at : nextCallAt;
            if (at > end) {
                return new Report(
                        served / (workers * span.toNanos() / serviceNanos),
                        nanos / served / serviceNanos,
                        limiter.limit());
            }
            time.advance(Duration.ofNanos(at - time.nanoTime()));
            if (ends) {
                Ending ending = endings.poll();
                limiter.release(ending.started, at, ending.dropped);
                served += ending.dropped ? 0 : 1;
                nanos += ending.dropped ? 0 : at - ending.started;
            } else {
                come(at);
                nextCallAt = at + (long) (-Math.log(1 - random.nextDouble()) / callsPerSecond * 1e9) + 1;
            }
        }
    }

    private void come(long now) {
        if (!limiter.tryAcquire(Priority.NORMAL)) {
            return;
        }
        if (endings.size() - workers >= backlogMax) {
            endings.add(new Ending(now + 1_000_000, now, true));
            return;
        }
        long starts = Math.max(now, workersFreeAt.poll());
        long ends = starts + (long) (serviceNanos * (0.8 + 0.4 * random.nextDouble()));
        workersFreeAt.add(ends);
        endings.add(new Ending(ends, now, false));
    }
}
