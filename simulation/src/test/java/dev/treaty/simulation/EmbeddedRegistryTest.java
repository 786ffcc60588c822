package dev.treaty.simulation;

import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Chance;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryTable;

class EmbeddedRegistryTest extends RegistryConformance {
    private final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, Chance.system());

    @Override
    protected Registry open() {
        return new EmbeddedRegistry(table, Time.system(), Events.NONE);
    }
}
