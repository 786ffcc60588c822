package dev.treaty.registry;

import dev.treaty.core.discovery.HealthProbe;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Asks an instance how it feels, again and again, and tells what has changed. It is the one way in which health is
 * checked: a process asks its own services, and {@code treaty up} those that it registered on behalf of others.
 *
 * <p>The first answer is believed. After that a status changes between taking calls and not taking calls only by as
 * many answers in a row as the {@link HealthPolicy} says; within either, at once. What an instance says of a drain is
 * always believed. Of a question that is not answered in time the thread is interrupted, and until it ends no other is
 * asked: an instance that hangs costs one thread, however long it does.
 *
 * <p>Of an answer that is longer than a registry keeps the beginning is told. Where whoever is told throws, it is told
 * again after the next question.
 */
public final class HealthCheck implements AutoCloseable {
    /** The longest message of a mistake that is passed on, in characters. */
    private static final int MESSAGE_LENGTH_MAX = 200;

    private static final System.Logger LOGGER = System.getLogger(HealthCheck.class.getName());

    private final String name;
    private final HealthProbe probe;
    private final HealthPolicy policy;
    private final Consumer<ServiceHealth> on;
    private final Time time;
    private final RandomGenerator random;
    private final Promise<Boolean> closed = new Promise<>();
    private final Judge judge;
    private @Nullable ServiceHealth untold;

    private HealthCheck(
            String name,
            HealthProbe probe,
            HealthPolicy policy,
            ServiceHealth known,
            Consumer<ServiceHealth> on,
            Time time,
            RandomGenerator random) {
        this.name = name;
        this.probe = probe;
        this.policy = policy;
        this.on = on;
        this.time = time;
        this.random = random;
        this.judge = new Judge(policy, known);
    }

    /**
     * Begins to ask, until it is closed.
     *
     * @param name of the instance, for its threads
     * @param known how the instance is taken to feel until it has been asked
     * @param on told, on the check's thread, when the health has changed
     */
    public static HealthCheck start(
            String name,
            HealthProbe probe,
            HealthPolicy policy,
            ServiceHealth known,
            Consumer<ServiceHealth> on,
            Time time,
            RandomGenerator random) {
        var check = new HealthCheck(name, probe, policy, known, on, time, random);
        Thread.ofVirtual().name("treaty-health-" + name).start(check::run);
        return check;
    }

    private void run() {
        Question question = null;
        try {
            do {
                if (question == null || question.ended()) {
                    question = new Question();
                }
                tell(judge.take(RegistryLimits.cut(question.answer())));
            } while (closed.await(time, pauseNanos()) == null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (question != null) {
                question.giveUp();
            }
        }
    }

    private void tell(Optional<ServiceHealth> news) {
        ServiceHealth health = news.orElse(untold);
        untold = health;
        if (health == null) {
            return;
        }
        try {
            on.accept(health);
            untold = null;
        } catch (RuntimeException e) { // a mistake of others must not end the check
            LOGGER.log(System.Logger.Level.WARNING, "The health of " + name + " could not be told: " + e.getMessage());
        }
    }

    private long pauseNanos() {
        long interval = policy.interval().toNanos();
        return interval - interval / 10 + random.nextLong(interval / 5 + 1);
    }

    /** Asks no more. */
    @Override
    public void close() {
        closed.complete(true);
    }

    /** One question and the thread that waits for its answer. */
    private final class Question {
        private final Promise<ServiceHealth> answer = new Promise<>();
        private final Promise<Boolean> ended = new Promise<>();
        private final Thread thread =
                Thread.ofVirtual().name("treaty-health-probe-" + name).start(this::ask);

        private void ask() {
            try {
                answer.complete(probe.probe());
            } catch (RuntimeException e) {
                String message = String.valueOf(e.getMessage());
                answer.complete(critical("the health check failed: "
                        + message.substring(0, Math.min(MESSAGE_LENGTH_MAX, message.length()))));
            } catch (InterruptedException e) {
                // given up: nobody waits for it
            } finally {
                ended.complete(true);
            }
        }

        boolean ended() {
            return ended.now() != null;
        }

        /** What it said in time. */
        ServiceHealth answer() throws InterruptedException {
            ServiceHealth said = answer.await(time, policy.timeout().toNanos());
            if (said != null) {
                return said;
            }
            giveUp();
            return critical("no answer within " + policy.timeout().toMillis() + " ms");
        }

        void giveUp() {
            thread.interrupt();
        }
    }

    private ServiceHealth critical(String message) {
        return new ServiceHealth(Status.CRITICAL, message, time.instant(), Map.of());
    }

    /** What is believed, answer by answer. */
    static final class Judge {
        private final HealthPolicy policy;
        private ServiceHealth believed;
        private boolean asked;
        private int against; // answers in a row that say the opposite

        Judge(HealthPolicy policy, ServiceHealth known) {
            this.policy = policy;
            this.believed = known;
        }

        /** Takes an answer; gives the health where it has changed. */
        Optional<ServiceHealth> take(ServiceHealth said) {
            boolean first = !asked;
            asked = true;
            boolean well = believed.status().takesCalls();
            boolean opposite = said.status().takesCalls() != well;
            against = opposite ? against + 1 : 0;
            boolean enough = against >= (well ? policy.fall() : policy.rise());
            if (opposite && !enough && !first && said.status() != Status.DRAINING) {
                return Optional.empty();
            }
            against = 0;
            boolean news = said.status() != believed.status()
                    || !said.message().equals(believed.message())
                    || !said.details().equals(believed.details());
            if (!news) {
                return Optional.empty();
            }
            believed = said;
            return Optional.of(said);
        }
    }
}
