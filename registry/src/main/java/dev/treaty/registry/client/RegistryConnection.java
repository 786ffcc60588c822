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
import dev.treaty.core.event.EventStream;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;

/**
 * Sends requests to a registry, and records whether it is reachable and whether it has restarted. Every change of that
 * is emitted once. A registry may answer one part of the client and not another, so each part has its own last error,
 * which the answers to another part do not clear.
 */
public final class RegistryConnection {
    /** The longest duration of an ordinary request. */
    public static final long REQUEST_NANOS = Duration.ofSeconds(2).toNanos();

    /** The longest wait for an answer that decides whether a service may start. */
    private static final long DECISION_NANOS = Duration.ofSeconds(5).toNanos();

    public static final ServiceContract PROTOCOL = ServiceContract.of(RegistryProtocol.class);

    /** The longest time that one request waits for acknowledgements. */
    private static final Duration ACKNOWLEDGE_WAIT_MAX = Duration.ofSeconds(20);

    /** The parts of a client that send requests. */
    enum Requester {
        LEASE_KEEPER,
        WATCH_CLIENT,
        SETTINGS_CLIENT,
        /** A single request of the program; its error lasts until any part gets an answer. */
        PROGRAM
    }

    /** A request to the registry. */
    @FunctionalInterface
    public interface Request<T> {
        T send(RegistryProtocol registry) throws InterruptedException;
    }

    public final String address;
    public final Time time;
    public final Events events;
    public final RegistryPolicy policy;
    final RandomGenerator random;
    private final RegistryProtocol registry;
    private final Principal self;
    private final Runnable onRecovery;
    private final Map<Requester, Fault> errors = new EnumMap<>(Requester.class);
    private Instant since = Instant.EPOCH;
    private String epoch = "";

    /** @param onRecovery run when the registry is reachable again and when another start of it answers */
    public RegistryConnection(
            String address,
            Handler handler,
            Principal self,
            RegistryPolicy policy,
            RuntimeDependencies runtime,
            Runnable onRecovery) {
        this.address = address;
        this.self = self;
        this.policy = policy;
        this.events = EventStream.guarded(runtime.events());
        this.time = runtime.time();
        this.random = runtime.random();
        this.onRecovery = onRecovery;
        this.registry =
                ServiceProxy.of(RegistryProtocol.class, PROTOCOL, handler, () -> CallContext.next(self, time, random));
    }

    /**
     * Sends a request.
     *
     * @throws ServiceException if the answer is a fault or does not arrive in time
     */
    <T> T call(long timeoutNanos, Request<T> request) throws InterruptedException {
        var context = CallContext.next(self, time, random).within(Deadline.afterNanos(timeoutNanos, time));
        try {
            return context.run(() -> request.send(registry));
        } catch (ServiceException e) {
            throw e;
        } catch (RuntimeException e) { // the threads of the client must survive an internal error below them
            throw new ServiceException(Code.INTERNAL, "the request to the registry failed: " + e);
        }
    }

    <T> T call(Request<T> request) throws InterruptedException {
        return call(REQUEST_NANOS, request);
    }

    /** Sends a single request of the program, and records whether the registry was reachable. */
    public <T> T callOnce(Request<T> request) throws InterruptedException {
        try {
            T answer = call(request);
            answered(Requester.PROGRAM, "");
            return answer;
        } catch (ServiceException e) {
            if (!isRefusal(e.fault())) {
                failed(Requester.PROGRAM, e.fault());
            }
            throw e;
        }
    }

    /**
     * Repeats a request that waits for acknowledgements until none is missing; false if the time is over first.
     *
     * @param request returns the request that waits for a number of milliseconds
     */
    public boolean awaitAcknowledged(Duration timeout, LongFunction<Request<RegistryProtocol.Heard>> request)
            throws InterruptedException {
        long end = time.nanoTime() + timeout.toNanos();
        long left = timeout.toNanos();
        do {
            long wait = Math.min(left, ACKNOWLEDGE_WAIT_MAX.toNanos());
            var answer = call(
                    wait + REQUEST_NANOS, request.apply(Duration.ofNanos(wait).toMillis()));
            if (answer.missing() == 0) {
                return true;
            }
            left = end - time.nanoTime();
        } while (left > 0);
        return false;
    }

    /** Waits for the registry's answer within the patience of the policy. */
    void await(Promise<Boolean> promise) {
        try {
            promise.await(time, policy.patience().toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Waits for the registry's answer within the patience of the policy, and up to five seconds as long as the registry
     * is only slow: once it has failed, no longer than the patience that has begun.
     */
    void awaitDecision(Promise<Boolean> promise) {
        long end = time.nanoTime() + DECISION_NANOS;
        do {
            await(promise);
        } while (promise.now() == null
                && unreachableSince().isEmpty()
                && end - time.nanoTime() > 0
                && !Thread.currentThread().isInterrupted());
    }

    /** Whether a fault is a refusal: the registry is reachable, and repeating the request would not help. */
    static boolean isRefusal(Fault fault) {
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

    /** Records that the registry answered, and the epoch of the answer unless it has none. */
    void answered(Requester requester, String answeredEpoch) {
        boolean cleared;
        boolean reachable;
        boolean restarted;
        synchronized (this) {
            cleared = errors.keySet().removeAll(EnumSet.of(requester, Requester.PROGRAM));
            reachable = errors.isEmpty();
            restarted = !answeredEpoch.isEmpty() && !epoch.isEmpty() && !epoch.equals(answeredEpoch);
            epoch = answeredEpoch.isEmpty() ? epoch : answeredEpoch;
        }
        if (cleared && reachable) {
            emit(true, false, "the registry " + address + " can be reached again");
        }
        if (cleared || restarted) {
            onRecovery.run();
        }
    }

    /** Records that the registry did not answer. */
    void failed(Requester requester, Fault error) {
        synchronized (this) {
            boolean known = !errors.isEmpty();
            errors.putIfAbsent(requester, error);
            if (known) {
                return;
            }
            since = time.instant();
        }
        emit(false, true, unreachable(error));
    }

    /** Records that a part sends no more requests for now, so that it would not notice when its error is over. */
    synchronized void idle(Requester requester) {
        Fault last = errors.remove(requester);
        if (last != null) {
            errors.put(Requester.PROGRAM, last);
        }
    }

    private String unreachable(Fault error) {
        return "the registry " + address + " cannot be reached (" + error
                + "); the last known state is kept until it can be reached again";
    }

    /** Emits that the registry is reachable and refuses a request. */
    void refused(String message) {
        emit(true, true, message);
    }

    private void emit(boolean reachable, boolean problem, String message) {
        events.emit(new Event.RegistryChanged(address, reachable, problem, message));
    }

    /** Returns since when the registry cannot be reached. */
    public synchronized Optional<Instant> unreachableSince() {
        return errors.isEmpty() ? Optional.empty() : Optional.of(since);
    }

    /** Returns why the registry cannot be reached, in one sentence. */
    public synchronized Optional<String> problem() {
        return errors.values().stream().findFirst().map(error -> unreachable(error) + ", since " + since);
    }

    /** Returns the pause after a number of failures in a row: exponential backoff, half of it random. */
    long pauseNanos(int failures) {
        long max = policy.pauseMax().toNanos();
        long full = Math.min(max, policy.pauseMin().toNanos() << Math.min(failures - 1, 20));
        return full / 2 + random.nextLong(full / 2 + 1);
    }
}
