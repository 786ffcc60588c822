package dev.treaty;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.observe.StatusReport;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Reports the status of a process that serves something, for consoles and command lines. It is hosted beside the
 * services and is not registered: clients call it at the endpoint of an instance. {@code GET /-/status} returns the
 * same.
 */
@Contract(name = Introspection.NAME, version = "1.1.0")
@Description("Reports the status of a process.")
public interface Introspection {
    /** The name of this service. */
    String NAME = "treaty.Introspection";

    /** Returns the current status of the process. */
    @Idempotent
    @Description("Returns the current status of the process.")
    Status status();

    /**
     * Returns the settings in force in the process, with their origins. Secrets are masked.
     *
     * @param prefix the key of a group; empty for all
     */
    @Idempotent
    @Description("Returns the settings in force at or below a key, with their origins; secrets are masked.")
    List<SettingStatus> settings(String prefix);

    /** A value in force: its full key, its text and its origin, as {@code treaty config show} prints it. */
    record SettingStatus(String key, String value, String origin) {}

    /**
     * The settings of a process.
     *
     * @param generation the number of the generation in force, from 1
     * @param since when it came into force
     * @param refused why the latest change was refused, if it was
     * @param restartNeeded the keys that keep their values until the process starts again
     */
    record ConfigurationStatus(long generation, Instant since, Optional<String> refused, List<String> restartNeeded) {}

    /**
     * The status of a process.
     *
     * @param report its metrics
     * @param registry the address of its registry
     * @param problem why its view of the registry is not current, if it is not
     * @param serves the services that it serves
     * @param calls the services that it calls, with the instances as it sees them
     * @param configuration its settings; empty for a process of an earlier version
     */
    record Status(
            StatusReport report,
            String registry,
            Optional<String> problem,
            List<Offered> serves,
            List<Called> calls,
            Optional<ConfigurationStatus> configuration) {}

    /** A service that the process serves, with the health of its instance in lower case. */
    record Offered(String service, String version, String instance, String health, String message) {}

    /** A service that the process calls, with its guard and its instances. */
    record Called(String service, double retryBudget, GuardStatus guard, List<NodeStatus> nodes) {}

    /**
     * The level, the counters and the description of the guard of a called service.
     *
     * @param level the isolation level, in lower case
     * @param health the health of the service as this process sees it, in lower case: passing; warning if some of its
     *     instances are excluded or get fewer calls; critical if all are
     * @param calls the number of calls that have ended
     * @param failed the number of calls that failed, including those to which a fallback responded
     * @param refused the number of calls rejected by the guard: by rate, by concurrency, by adaptive client-side
     *     throttling
     * @param retries the number of attempts that followed a failed one
     * @param averageAttempts the average number of attempts of a call
     * @param fallbacksServed the number of calls to which a fallback responded
     * @param fallbacksFailed the number of calls whose fallback failed as well
     * @param description the steps of the guard with all parameters
     * @param warnings contradictions in its policies
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
     * An instance of a called service as this process sees it.
     *
     * @param health the health in discovery, in lower case
     * @param breaker the state of its circuit breaker, in lower case
     * @param inFlight the number of calls in flight from this process
     * @param exclusion why it is excluded or gets fewer calls, such as {@code ejected: 9 of 20 calls failed}; empty if
     *     it gets its share
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
