package dev.treaty.simulation;

import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryLimits;

class NetworkRegistryTest extends RegistryConformance {
    private final RegistryHost host = new RegistryHost(Time.system(), RegistryLimits.STANDARD).start();

    @Override
    protected Registry open() {
        return host.client(BackendConformance.PATIENT, Events.NONE);
    }

    @Override
    protected void shutDown() {
        host.close();
    }
}
