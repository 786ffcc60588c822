package dev.treaty.simulation;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
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

/** Calls that go on, one after the other, while something happens to a registry: who answered them, and what failed. */
public final class OngoingCalls {
    /** A service that says which process answered. */
    @Contract(name = "test.Names", version = "1.0.0")
    public interface Names {
        /** Not idempotent, so that a lost answer is a failed call. */
        String name();
    }

    /** Who calls fails where nobody answers, and not where an answer takes long on a slow machine. */
    private static final FaultTolerance PATIENT = Settings.DEFAULTS
            .defaults()
            .withTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(20), TimeoutMode.COOPERATIVE);

    private static final long PAUSE_NANOS = Duration.ofMillis(1).toNanos();

    private final Names names;
    private final Queue<ServiceException> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger made = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();
    private final Thread thread = Thread.ofVirtual().name("ongoing-calls").unstarted(this::call);
    private volatile Set<String> answered = ConcurrentHashMap.newKeySet();

    /** Calls of that client, not yet begun. */
    public OngoingCalls(Treaty client) {
        names = client.client(Names.class);
    }

    /** What those who are called and who calls are opened with. */
    public static Settings settings(RegistryAddress registry) {
        return Settings.DEFAULTS.withRegistry(registry).withDefaults(PATIENT);
    }

    /** A process to be called, which answers with that name. */
    public static Treaty serving(Settings settings, String name) {
        Treaty treaty = Treaty.open(settings);
        treaty.serve(Names.class, () -> name);
        return treaty;
    }

    /** Makes one call; true where that one answers it. Whoever has only just begun to look may find nobody. */
    public boolean answers(String expected) {
        try {
            return names.name().equals(expected);
        } catch (ServiceException e) {
            return false;
        }
    }

    /** From now on there are calls. */
    public void begin() {
        thread.start();
    }

    private void call() {
        while (!over.get()) {
            Set<String> here = answered; // a call counts where it began, though its answer be noted later
            try {
                here.add(names.name());
            } catch (ServiceException e) {
                failures.add(e);
            }
            made.incrementAndGet();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Who has answered calls that began since it was last {@linkplain #forget forgotten} who did. */
    public Set<String> answered() {
        return answered;
    }

    /** Forgets who has answered. */
    public void forget() {
        answered = ConcurrentHashMap.newKeySet();
    }

    /** Lets the last call end. */
    public void end() throws InterruptedException {
        over.set(true);
        thread.join();
    }

    /** How many there were. */
    public int made() {
        return made.get();
    }

    /** What failed, in order. */
    public List<ServiceException> failures() {
        return List.copyOf(failures);
    }
}
