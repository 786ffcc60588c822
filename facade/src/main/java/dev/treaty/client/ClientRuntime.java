package dev.treaty.client;

import dev.treaty.balance.FaultInjection;
import dev.treaty.core.call.ContextCarrier;
import dev.treaty.core.call.Pipeline.Step;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.event.RuntimeDependencies;
import java.util.List;

/**
 * What all {@link ServiceCaller}s of a process share.
 *
 * @param runtime time, random numbers and events
 * @param discovery finds the instances of services
 * @param transport connects to them
 * @param connectionsMax the maximum number of calls in flight at one instance
 * @param faults injects faults into outgoing calls
 * @param carrier carries the caller's context to other threads that make attempts
 * @param callFilters the application's filters around each call
 * @param attemptFilters the application's filters around each attempt
 */
record ClientRuntime(
        RuntimeDependencies runtime,
        ServiceDiscovery discovery,
        Transport transport,
        int connectionsMax,
        FaultInjection faults,
        ContextCarrier carrier,
        List<Step> callFilters,
        List<Step> attemptFilters) {}
