package dev.treaty.core.event;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Duration;

/** Something that happened in the fabric. Metrics, logs, traces and consoles are made of these and of nothing else. */
public sealed interface Event {

    /** A call is over, for its caller or for its service; {@code response} carries the latency. */
    record CallEnded(Side side, Call call, ServiceResponse<?> response) implements Event {}

    /** One attempt at one instance is over. */
    record AttemptEnded(Call call, ServiceInstance instance, ServiceResponse<?> response) implements Event {}

    /** A failed attempt will be followed by another after a pause. */
    record RetryScheduled(Call call, Fault fault, Duration pause) implements Event {}

    /** A failed attempt that might have been repeated will not be, for that reason. */
    record RetryRefused(Call call, Fault fault, String reason) implements Event {}

    /** A fallback answered in place of the service. */
    record FallbackServed(Call call, Fault fault, Origin origin) implements Event {}

    /** A service's own code threw what is no fault: its caller got {@code internal} and none of the text. */
    record HandlerFailed(Call call, Throwable cause) implements Event {}

    /**
     * A circuit breaker changed its state.
     *
     * @param instance the id of the instance it guards, or empty where it guards the whole service, or code of any sort
     */
    record BreakerChanged(ServiceName service, String instance, String before, String after, String reason)
            implements Event {}

    /**
     * An instance was ejected because it does worse than the others, or has come back.
     *
     * @param ejected whether it is out now
     * @param reason what it did, or why it is back
     */
    record EjectionChanged(ServiceName service, String instance, boolean ejected, String reason) implements Event {}

    /**
     * So many instances of a service are sick that all of them get calls, or no longer.
     *
     * @param panic whether that is so now
     * @param sick how many are sick
     * @param instances of how many
     */
    record PanicChanged(ServiceName service, boolean panic, int sick, int instances) implements Event {}

    /** A fault that was configured was put in the way of a call, on purpose. */
    record FaultInjected(Side side, Call call, String fault) implements Event {}

    /** A copy of a call reached somebody else too, and its answer was thrown away. */
    record CallMirrored(Call call, String instance, ServiceResponse<?> response) implements Event {}

    /** The set of instances of a service changed, as this process sees it. */
    record DiscoveryChanged(DiscoveryEvent change) implements Event {}

    /** This process could not reach its registry, or reached it again. */
    record RegistryChanged(String registry, boolean reachable, String message) implements Event {}
}
