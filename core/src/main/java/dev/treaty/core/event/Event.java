package dev.treaty.core.event;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.text.Secrets;
import java.time.Duration;
import java.util.List;

/** Something that happened in this process. Metrics, logs, traces and consoles are made from these events only. */
public sealed interface Event {

    /** A call has ended, at its client or at its server; {@code response} has the latency. */
    record CallEnded(Side side, Call call, ServiceResponse<?> response) implements Event {}

    /** One attempt at one instance has ended. */
    record AttemptEnded(Call call, ServiceInstance instance, ServiceResponse<?> response) implements Event {}

    /** A failed attempt will be retried after a pause. */
    record RetryScheduled(Call call, Fault fault, Duration pause) implements Event {}

    /** A failed attempt that is retryable will not be retried, for this reason. */
    record RetryRefused(Call call, Fault fault, String reason) implements Event {}

    /** A fallback returned a response in place of the service. */
    record FallbackServed(Call call, Fault fault, Origin origin) implements Event {}

    /**
     * The implementation of a service threw an unexpected exception; the caller got {@code internal} without its text.
     */
    record HandlerFailed(Call call, Throwable cause) implements Event {
        /** Secrets in the message of the exception are {@linkplain Secrets masked}. */
        @Override
        public String toString() {
            return "HandlerFailed[call=" + call + ", cause=" + Secrets.mask(cause) + "]";
        }
    }

    /**
     * A circuit breaker changed its state.
     *
     * @param instance the id of the instance; empty if the breaker guards a whole service, or other code
     */
    record BreakerChanged(ServiceName service, String instance, String before, String after, String reason)
            implements Event {}

    /**
     * An instance was ejected because its error rate or latency is worse than that of the others, or has recovered.
     *
     * @param ejected whether it is ejected now
     * @param reason why it was ejected, or why it is back
     */
    record EjectionChanged(ServiceName service, String instance, boolean ejected, String reason) implements Event {}

    /**
     * A client entered or left panic mode, in which it calls unhealthy instances too, because too many are unhealthy.
     *
     * @param panic whether it is in panic mode now
     * @param unhealthy the number of unhealthy instances
     * @param instances the number of all instances
     */
    record PanicChanged(ServiceName service, boolean panic, int unhealthy, int instances) implements Event {}

    /** A configured fault was injected into a call. */
    record FaultInjected(Side side, Call call, String fault) implements Event {}

    /** A call was mirrored to another instance, and the response of the mirror was discarded. */
    record CallMirrored(Call call, String instance, ServiceResponse<?> response) implements Event {}

    /** The set of instances of a service changed, as this process observes it. */
    record DiscoveryChanged(DiscoveryEvent change) implements Event {}

    /**
     * The registry became unreachable or reachable for this process, or has a problem, or has it no longer.
     *
     * @param reachable whether it can be reached now
     * @param problem whether operators should see this: it cannot be reached, refuses something, cannot keep its state
     */
    record RegistryChanged(String registry, boolean reachable, boolean problem, String message) implements Event {}

    /**
     * The settings of this process have changed, or a change was refused and those before stay in force.
     *
     * @param generation the number of the generation in force
     * @param refused whether the change was refused
     * @param changes the values that have changed, one line each, masked
     * @param message what operators should know, masked
     */
    record ConfigurationChanged(long generation, boolean refused, List<String> changes, String message)
            implements Event {}

    /**
     * Something about security that operators should know: a certificate that expires, refused credentials, a denied
     * call, security that is off.
     *
     * @param problem whether operators should act
     * @param message what has happened, masked; names and addresses in it come from outside
     */
    record SecurityNoticed(boolean problem, String message) implements Event {}

    /** A background thread of Treaty, or code that it calls, failed unexpectedly; a long-lived one continues. */
    record ThreadFailed(String thread, Throwable cause) implements Event {
        /** Secrets in the message of the exception are {@linkplain Secrets masked}. */
        @Override
        public String toString() {
            return "ThreadFailed[thread=" + thread + ", cause=" + Secrets.mask(cause) + "]";
        }
    }
}
