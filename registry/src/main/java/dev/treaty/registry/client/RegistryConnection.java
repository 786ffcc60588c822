package dev.treaty.registry.client;

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
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;

/**
 * The way to the registry, and what is known about it: whether it can be reached, and which start of it answers. The
 * loops of the client tell it what they see; it says so once per change. A registry may answer one of them and not the
 * other, so each has a fault of its own, which the other's answers say nothing of.
 */
public final class RegistryConnection {
    /** How long an ordinary request may take. */
    public static final long REQUEST_NANOS = Duration.ofSeconds(2).toNanos();

    public static final ServiceContract PROTOCOL = ServiceContract.of(RegistryProtocol.class);

    /** Who asks the registry. */
    public enum Asker {
        KEEPER,
        REPLICA,
        /** Whoever asks once, so that its fault lasts until anybody is answered. */
        PROGRAM
    }

    /** One request to the registry. */
    @FunctionalInterface
    public interface Question<T> {
        T ask(RegistryProtocol registry) throws InterruptedException;
    }

    public final String address;
    final RegistryPolicy policy;
    public final Time time;
    final RandomGenerator random;
    private final RegistryProtocol registry;
    private final Principal self;
    private final Events events;
    private final Runnable changed;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Asker, Fault> faults = new EnumMap<>(Asker.class);
    private Instant since = Instant.EPOCH;
    private String epoch = "";

    /** @param changed run when the registry can be reached again and when another start of it answers */
    public RegistryConnection(
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
    public <T> T ask(long nanos, Question<T> question) throws InterruptedException {
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
    public static boolean refusal(Fault fault) {
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
    public void answered(Asker asker, String answeredBy) {
        boolean over;
        boolean back;
        boolean restarted;
        lock.lock();
        try {
            over = faults.keySet().removeAll(EnumSet.of(asker, Asker.PROGRAM));
            back = over && faults.isEmpty();
            restarted = !answeredBy.isEmpty() && !epoch.isEmpty() && !epoch.equals(answeredBy);
            epoch = answeredBy.isEmpty() ? epoch : answeredBy;
        } finally {
            lock.unlock();
        }
        if (back) {
            events.emit(new Event.RegistryChanged(address, true, "the registry " + address + " can be reached again"));
        }
        if (over || restarted) {
            changed.run();
        }
    }

    /** Notes that the registry did not answer. */
    public void failed(Asker asker, Fault cause) {
        lock.lock();
        try {
            boolean known = !faults.isEmpty();
            faults.putIfAbsent(asker, cause);
            if (known) {
                return;
            }
            since = time.instant();
        } finally {
            lock.unlock();
        }
        events.emit(new Event.RegistryChanged(address, false, describe(cause)));
    }

    /** Notes that a loop asks nothing any more, so that it would not find out that its fault is over. */
    void idle(Asker asker) {
        lock.lock();
        try {
            Fault last = faults.remove(asker);
            if (last != null) {
                faults.put(Asker.PROGRAM, last);
            }
        } finally {
            lock.unlock();
        }
    }

    private String describe(Fault cause) {
        return "the registry " + address + " cannot be reached (" + cause
                + "); what was last known is kept and it is tried again";
    }

    /** Since when the registry cannot be reached. */
    public Optional<Instant> unreachableSince() {
        lock.lock();
        try {
            return faults.isEmpty() ? Optional.empty() : Optional.of(since);
        } finally {
            lock.unlock();
        }
    }

    /** Says that the registry, which can be reached, will not do what it was asked. */
    void refused(String message) {
        events.emit(new Event.RegistryChanged(address, true, message));
    }

    /** Why the registry cannot be reached, in one sentence. */
    public Optional<String> problem() {
        lock.lock();
        try {
            return faults.values().stream().findFirst().map(fault -> describe(fault) + ", since " + since);
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
