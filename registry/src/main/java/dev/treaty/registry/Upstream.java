package dev.treaty.registry;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The way to the registry, and what is known about it: whether it can be reached, and which start of it answers. The
 * loops of the client tell it what they see; it says so once per change.
 */
final class Upstream {
    /** How long an ordinary request may take. */
    static final long REQUEST_NANOS = Duration.ofSeconds(2).toNanos();

    static final ServiceContract PROTOCOL = ServiceContract.of(RegistryProtocol.class);

    /** One request to the registry. */
    @FunctionalInterface
    interface Question<T> {
        T ask(RegistryProtocol registry) throws InterruptedException;
    }

    final String address;
    final RegistryPolicy policy;
    final Time time;
    final RandomGenerator random;
    private final RegistryProtocol registry;
    private final Principal self;
    private final Events events;
    private final Runnable changed;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Fault fault;
    private Instant since = Instant.EPOCH;
    private String epoch = "";

    /** @param changed run when the registry can be reached again and when another start of it answers */
    Upstream(
            String address,
            Handler handler,
            Principal self,
            RegistryPolicy policy,
            Time time,
            RandomGenerator random,
            Events events,
            Runnable changed) {
        this.address = address;
        this.policy = policy;
        this.time = time;
        this.random = random;
        this.self = self;
        this.events = events;
        this.changed = changed;
        this.registry =
                ServiceProxy.of(RegistryProtocol.class, PROTOCOL, handler, () -> CallContext.next(self, time, random));
    }

    /**
     * Asks the registry.
     *
     * @throws ServiceException where it gives no answer in that time, or a fault
     */
    <T> T ask(long nanos, Question<T> question) throws InterruptedException {
        var context = CallContext.next(self, time, random).within(Deadline.afterNanos(nanos, time));
        try {
            return context.run(() -> question.ask(registry));
        } catch (ServiceException e) {
            throw e;
        } catch (RuntimeException e) { // the loops of the client must outlive a mistake below them
            throw new ServiceException(Code.INTERNAL, "asking the registry failed: " + e);
        }
    }

    /** True where the registry answered with a refusal, so that it can be reached and asking again would not help. */
    static boolean refusal(Fault fault) {
        return switch (fault.code()) {
            case INVALID_ARGUMENT,
                    ALREADY_EXISTS,
                    NOT_FOUND,
                    PERMISSION_DENIED,
                    UNAUTHENTICATED,
                    FAILED_PRECONDITION,
                    OUT_OF_RANGE,
                    RESOURCE_EXHAUSTED -> true;
            default -> false;
        };
    }

    /** Notes that the registry answered, and which start of it did where the answer told. */
    void answered(String answeredBy) {
        boolean back;
        boolean restarted;
        lock.lock();
        try {
            back = fault != null;
            fault = null;
            restarted = !answeredBy.isEmpty() && !epoch.isEmpty() && !epoch.equals(answeredBy);
            epoch = answeredBy.isEmpty() ? epoch : answeredBy;
        } finally {
            lock.unlock();
        }
        if (back) {
            events.emit(new Event.RegistryChanged(address, true, "the registry " + address + " can be reached again"));
        }
        if (back || restarted) {
            changed.run();
        }
    }

    /** Notes that the registry did not answer. */
    void failed(Fault cause) {
        lock.lock();
        try {
            if (fault != null) {
                return;
            }
            fault = cause;
            since = time.instant();
        } finally {
            lock.unlock();
        }
        events.emit(new Event.RegistryChanged(address, false, describe(cause)));
    }

    private String describe(Fault cause) {
        return "the registry " + address + " cannot be reached (" + cause
                + "); what was last known is kept and it is tried again";
    }

    /** Since when the registry cannot be reached. */
    Optional<Instant> unreachableSince() {
        lock.lock();
        try {
            return fault == null ? Optional.empty() : Optional.of(since);
        } finally {
            lock.unlock();
        }
    }

    /** Says that the registry, which can be reached, will not do what it was asked. */
    void refused(String message) {
        events.emit(new Event.RegistryChanged(address, true, message));
    }

    /** Why the registry cannot be reached, in one sentence. */
    Optional<String> trouble() {
        lock.lock();
        try {
            return fault == null ? Optional.empty() : Optional.of(describe(fault) + ", since " + since);
        } finally {
            lock.unlock();
        }
    }

    /** The pause before the next try after that many failures in a row: doubling, with half of it left to chance. */
    long pauseNanos(int failures) {
        long max = policy.pauseMax().toNanos();
        long full = Math.min(max, policy.pauseMin().toNanos() << Math.min(failures - 1, 20));
        return full / 2 + random.nextLong(full / 2 + 1);
    }
}
