package dev.treaty.resilience;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;

/**
 * A server with a known capacity behind a limiter, and more callers than it can serve: a number of workers, each with
 * one call at a time, and a backlog from which they take the oldest. Calls arrive whether or not others were refused.
 * Time is virtual and random numbers are seeded, so every run is the same.
 */
public final class OverloadedServer {
    private static final Duration DEADLINE = Duration.ofMillis(1500);

    private final ManualTime time = new ManualTime();
    private final Random random;
    private final Queue<Long> backlog = new ArrayDeque<>();
    private final PriorityQueue<Ending> endings = new PriorityQueue<>();
    private final int workers;
    private int idle;
    private final ConcurrencyLimiter limiter;
    private double serviceNanos;
    private boolean exponential;
    private boolean computing;
    private long waitedNanos;
    private double callsPerSecond;
    private long nextCallAt;
    private long refused;

    /** The end of a worker's part of a call, or of the time for which the call waits afterwards. */
    private record Ending(long at, long started, boolean working) implements Comparable<Ending> {
        @Override
        public int compareTo(Ending other) {
            return Long.compare(at, other.at);
        }
    }

    /**
     * The result of a period.
     *
     * @param goodput calls served before their deadlines, as a share of what the workers can do
     * @param slowness how long calls took on average, backlog included, in units of the time of service
     * @param refused the calls refused
     * @param limit the limit at its end
     */
    public record Report(double goodput, double slowness, long refused, int limit) {}

    public OverloadedServer(ConcurrencyPolicy policy, int workers, long seed) {
        this.workers = workers;
        this.idle = workers;
        this.random = new Random(seed);
        this.limiter = new ConcurrencyLimiter(policy, time);
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

    /** Lets workers be processors: an {@link Admission} begins no call that it need not begin any more. */
    public OverloadedServer computing() {
        computing = true;
        return this;
    }

    /** Lets calls wait for another service after their work, without a worker. */
    public OverloadedServer waiting(Duration each) {
        waitedNanos = each.toNanos();
        return this;
    }

    /** Lets durations vary exponentially. */
    public OverloadedServer withExponentialService() {
        exponential = true;
        return this;
    }

    /** Returns the result of each second. */
    public List<Report> seconds(int number) {
        List<Report> seconds = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            seconds.add(run(Duration.ofSeconds(1)));
        }
        return seconds;
    }

    public Report run(Duration span) {
        long end = time.nanoTime() + span.toNanos();
        long served = 0;
        long ended = 0;
        double nanos = 0;
        refused = 0;
        while (true) {
            boolean ends = !endings.isEmpty() && endings.peek().at <= nextCallAt;
            long at = ends ? endings.peek().at : nextCallAt;
            if (at > end) {
                time.advance(Duration.ofNanos(end - time.nanoTime()));
                return new Report(
                        served / (workers * span.toNanos() / serviceNanos),
                        nanos / ended / serviceNanos,
                        refused,
                        limiter.limit());
            }
            time.advance(Duration.ofNanos(at - time.nanoTime()));
            if (ends) {
                Ending ending = endings.poll();
                if (ending.working) {
                    idle++;
                    begin(at);
                }
                if (ending.working && waitedNanos > 0) {
                    endings.add(new Ending(at + waitedNanos, ending.started, false));
                    continue;
                }
                boolean late = late(at, ending.started);
                limiter.release("", ending.started, at, waitedNanos, late);
                served += late ? 0 : 1;
                ended++;
                nanos += at - ending.started;
            } else {
                come(at);
                nextCallAt = at + (long) (-Math.log(1 - random.nextDouble()) / callsPerSecond * 1e9) + 1;
            }
        }
    }

    private void come(long now) {
        if (limiter.tryAcquire(Priority.NORMAL)) {
            backlog.add(now);
            begin(now);
        } else {
            refused++;
        }
    }

    private void begin(long now) {
        while (idle > 0 && !backlog.isEmpty()) {
            long started = backlog.remove();
            if (computing && limiter.revoke()) {
                refused++;
            } else if (computing && late(now, started)) {
                limiter.release("", started, now, 0, true);
            } else {
                double varied = exponential ? -Math.log(1 - random.nextDouble()) : 0.8 + 0.4 * random.nextDouble();
                endings.add(new Ending(now + (long) (serviceNanos * varied), started, true));
                idle--;
            }
        }
    }

    private static boolean late(long now, long started) {
        return now - started > DEADLINE.toNanos();
    }
}
