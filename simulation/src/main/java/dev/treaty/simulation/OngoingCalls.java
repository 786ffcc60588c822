package dev.treaty.simulation;

import dev.treaty.Treaty;
import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.LoadBalancingPolicy;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.TimeoutMode;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Makes calls, one after the other, during a test, and records which servers answered them and which calls failed. */
public final class OngoingCalls {
    /** A service that returns the name of its process. */
    @Contract(name = "test.Names", version = "1.0.0")
    public interface Names {
        /** Returns the name; not idempotent, so that a lost response is a failure. */
        String name();
    }

    /** Timeouts that only expire if no server responds, however busy the machine is. */
    private static final FaultTolerance PATIENT = Settings.DEFAULTS
            .defaults()
            .withTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(20), TimeoutMode.COOPERATIVE);

    private static final long PAUSE_NANOS = Duration.ofMillis(1).toNanos();

    private final Names names;
    private final Queue<ServiceException> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();
    private final Thread thread = BackgroundThread.virtual("ongoing-calls", Time.system(), Events.NONE, this::call);
    private volatile Set<String> answered = ConcurrentHashMap.newKeySet();

    /** Prepares the calls of a client, which call each server in turn, however fast it is. */
    public OngoingCalls(Treaty client) {
        client.rebalance(
                new ServiceName("test.Names"),
                BalancePolicy.DEFAULT.policy(LoadBalancingPolicy.ROUND_ROBIN),
                RoutingPolicy.DEFAULT);
        names = client.client(Names.class);
    }

    /** Returns the settings of the client and of the servers. */
    public static Settings settings(RegistryAddress registry) {
        return Settings.DEFAULTS.withRegistry(registry).withDefaults(PATIENT);
    }

    /** Starts a server with a name. */
    public static Treaty serving(Settings settings, String name) {
        Treaty treaty = Treaty.open(settings);
        treaty.serve(Names.class, () -> name);
        return treaty;
    }

    /** Makes one call; returns whether the expected server answered. */
    public boolean answers(String expected) {
        try {
            return names.name().equals(expected);
        } catch (ServiceException e) {
            return false; // a client that has just started may not know any instance
        }
    }

    /** Starts the calls. */
    public void begin() {
        thread.start();
    }

    private void call() {
        while (!over.get()) {
            Set<String> current = answered; // the set at the beginning of the call
            try {
                current.add(names.name());
            } catch (ServiceException e) {
                failures.add(e);
            }
            made.incrementAndGet();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Returns the servers that answered calls that began after {@link #forget}. */
    public Set<String> answered() {
        return answered;
    }

    /** Forgets the servers that have answered. */
    public void forget() {
        answered = ConcurrentHashMap.newKeySet();
    }

    /** Waits for the last call. */
    public void end() throws InterruptedException {
        over.set(true);
        thread.join();
    }

    /** Returns the number of calls. */
    public int made() {
        return made.get();
    }

    /** Returns the failures in order. */
    public List<ServiceException> failures() {
        return List.copyOf(failures);
    }
}
