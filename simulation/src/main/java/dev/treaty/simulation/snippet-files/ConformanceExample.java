import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.simulation.RegistryConformance;

class ConformanceExample {
    // @start region="suite"
    static class EmbeddedRegistryTest extends RegistryConformance {
        private final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, RandomSource.system());

        @Override
        protected Registry open() {
            return new EmbeddedRegistry(table, Time.system(), Events.NONE);
        }
    }
    // @end
}
