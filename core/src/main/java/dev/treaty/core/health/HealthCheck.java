package dev.treaty.core.health;

import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Checks the health of one instance periodically and passes changes to a listener. Servers use it for their own
 * services, {@code treaty up} for the processes that it registers.
 *
 * <p>The first result counts immediately. After that, an instance becomes healthy or unhealthy only after as many equal
 * results in a row as the {@link HealthPolicy} demands; a change between two healthy or two unhealthy statuses counts
 * immediately, and so does {@link Status#DRAINING}. A probe that exceeds the timeout is interrupted, and no other one
 * starts until it has ended, so an instance that hangs occupies one thread.
 *
 * <p>Health that is too long for a registry is {@linkplain ServiceHealth#truncated() truncated}. If the listener
 * throws, it is called again after the next check.
 */
public final class HealthCheck implements AutoCloseable {
    /** The longest exception message that is passed on, in characters. */
    private static final int MESSAGE_LENGTH_MAX = 200;

    /** In place of a result: the check was closed before there was one. */
    private static final ServiceHealth CLOSED = ServiceHealth.of(Status.UNKNOWN, Instant.MIN);

    private final String name;
    private final HealthProbe probe;
    private final HealthPolicy policy;
    private final Consumer<ServiceHealth> listener;
    private final Time time;
    private final RandomGenerator random;
    private final Promise<Boolean> closed = new Promise<>();
    private final Threshold threshold;
    private volatile @Nullable ProbeRun probing;
    private @Nullable ServiceHealth unreported;

    private HealthCheck(
            String name,
            HealthProbe probe,
            HealthPolicy policy,
            ServiceHealth initial,
            Consumer<ServiceHealth> listener,
            Time time,
            RandomGenerator random) {
        this.name = name;
        this.probe = probe;
        this.policy = policy;
        this.listener = listener;
        this.time = time;
        this.random = random;
        this.threshold = new Threshold(policy, initial);
    }

    /**
     * Starts a check that runs until it is closed.
     *
     * @param name name of the instance, for thread names and logs
     * @param initial health of the instance before the first check
     * @param listener called on the check's thread when the health changes
     */
    public static HealthCheck start(
            String name,
            HealthProbe probe,
            HealthPolicy policy,
            ServiceHealth initial,
            Consumer<ServiceHealth> listener,
            Time time,
            RandomGenerator random) {
        var check = new HealthCheck(name, probe, policy, initial, listener, time, random);
        BackgroundThread.virtual("treaty-health-" + name, time, Events.NONE, check::run)
                .start();
        return check;
    }

    private void run() throws InterruptedException {
        do {
            if (probing == null || probing.ended()) {
                probing = new ProbeRun();
            }
            ServiceHealth health = closed.now() == null ? probing.result() : CLOSED;
            if (!health.equals(CLOSED)) {
                report(threshold.next(health.truncated()));
            }
        } while (closed.await(time, pauseNanos()) == null);
        probing.thread.interrupt();
    }

    private void report(Optional<ServiceHealth> change) {
        ServiceHealth health = change.orElse(unreported);
        if (health == null) {
            return;
        }
        try {
            listener.accept(health);
            unreported = null;
        } catch (Throwable e) { // of the listener: it must neither end nor delay the check
            if (unreported == null) {
                BackgroundThread.report("treaty-health-" + name, Events.NONE, e);
            }
            unreported = health;
        }
        Thread.interrupted(); // set by the listener
    }

    private long pauseNanos() {
        long interval = policy.interval().toNanos();
        return interval - interval / 10 + random.nextLong(interval / 5 + 1);
    }

    /** Stops checking, and interrupts a probe that runs. */
    @Override
    public void close() {
        closed.complete(true);
        ProbeRun running = probing;
        if (running != null) {
            running.result.complete(CLOSED);
        }
    }

    /** One run of the probe on a thread of its own. */
    private final class ProbeRun {
        private final Promise<ServiceHealth> result = new Promise<>();
        private final Promise<Boolean> ended = new Promise<>();
        private final Thread thread = BackgroundThread.startOnce("treaty-health-probe-" + name, Events.NONE, this::run);

        private void run() {
            try {
                result.complete(Objects.requireNonNull(probe.probe(), "it returned nothing"));
            } catch (RuntimeException | Error e) {
                result.complete(critical("the health check failed: " + shown(e)));
            } catch (InterruptedException e) {
                // canceled after the timeout
            } finally {
                ended.complete(true);
            }
        }

        boolean ended() {
            return ended.now() != null;
        }

        /** Waits for the result until the timeout, then interrupts the probe. */
        ServiceHealth result() throws InterruptedException {
            ServiceHealth health = result.await(time, policy.timeout().toNanos());
            if (health != null) {
                return health;
            }
            thread.interrupt();
            return critical("no answer within " + policy.timeout().toMillis() + " ms");
        }
    }

    private static String shown(Throwable e) {
        return PrintableText.line(Secrets.mask(String.valueOf(e.getMessage())), MESSAGE_LENGTH_MAX);
    }

    private ServiceHealth critical(String message) {
        return new ServiceHealth(Status.CRITICAL, message, time.instant(), Map.of());
    }

    /** Decides which results change the health: the {@code rise} and {@code fall} of a policy. */
    static final class Threshold {
        private final HealthPolicy policy;
        private ServiceHealth current;
        private boolean started;
        private int opposing; // results in a row that contradict the current health

        Threshold(HealthPolicy policy, ServiceHealth initial) {
            this.policy = policy;
            this.current = initial;
        }

        /** Counts a result and returns the health if that changes it. */
        Optional<ServiceHealth> next(ServiceHealth result) {
            boolean first = !started;
            started = true;
            boolean healthy = current.status().takesCalls();
            boolean opposite = result.status().takesCalls() != healthy;
            opposing = opposite ? opposing + 1 : 0;
            boolean enough = opposing >= (healthy ? policy.fall() : policy.rise());
            if (opposite && !enough && !first && result.status() != Status.DRAINING) {
                return Optional.empty();
            }
            opposing = 0;
            if (result.withTimestamp(current.timestamp()).equals(current)) {
                return Optional.empty();
            }
            current = result;
            return Optional.of(result);
        }
    }
}
