package dev.treaty;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.observe.StatusReport;
import java.util.List;
import java.util.Optional;

/**
 * What every process that serves something tells about itself, for consoles and command lines. It is hosted beside the
 * services and is not registered: ask an instance at its own endpoint. The same is at {@code GET /-/status}.
 */
@Contract(name = Introspection.NAME, version = "1.0.0")
@Description("What a process of the fabric tells about itself.")
public interface Introspection {
    /** The name of this service. */
    String NAME = "treaty.Introspection";

    /** How the process stands now. */
    @Idempotent
    @Description("How the process stands now.")
    Status status();

    /**
     * How a process stands.
     *
     * @param report what it measured
     * @param registry the registry that it uses
     * @param trouble what keeps its view of the registry from being current
     * @param serves the services that it offers
     * @param calls the services that it calls, with the instances as it sees them
     */
    record Status(
            StatusReport report, String registry, Optional<String> trouble, List<Offered> serves, List<Called> calls) {}

    /** A service that the process offers, and how it feels, in small letters. */
    record Offered(String service, String version, String instance, String health, String message) {}

    /** A service that the process calls. */
    record Called(String service, double retryBudget, GuardStatus guard, List<NodeStatus> nodes) {}

    /**
     * What stands between the process and a service that it calls.
     *
     * @param level the isolation level in force, in small letters
     * @param health how the service is doing as this process sees it, in small letters: passing, or a warning where
     *     some of its instances get no calls or fewer than others, or critical where none gets its share
     * @param calls how many calls have ended
     * @param failed those that failed, whether or not a fallback answered in the end
     * @param refused calls that the guard did not let through: by rate, by concurrency, by the throttle
     * @param retries how many attempts followed a failed one
     * @param averageAttempts how many attempts a call took on average
     * @param fallbacksServed calls that a fallback answered
     * @param fallbacksFailed calls whose fallback failed too
     * @param description the guard's steps with every parameter
     * @param warnings what in its policies contradicts itself
     */
    record GuardStatus(
            String level,
            String health,
            long calls,
            long failed,
            long refused,
            long retries,
            double averageAttempts,
            long fallbacksServed,
            long fallbacksFailed,
            String description,
            List<String> warnings) {}

    /**
     * An instance as the process sees it.
     *
     * @param health in small letters, as discovery tells it
     * @param breaker the state of its circuit breaker, in small letters
     * @param inFlight how many calls of this process are under way there
     * @param exclusion why it gets no calls or fewer than others, such as {@code ejected: 9 of 20 calls failed}; empty
     *     where it gets its share
     */
    record NodeStatus(
            String instance,
            String version,
            String endpoint,
            String health,
            String breaker,
            int inFlight,
            String exclusion) {}
}
