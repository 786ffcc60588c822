import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.spi.RegistryProvider;
import java.util.Set;

// @start region="provider"
class ProviderExample implements RegistryProvider {
    @Override
    public Set<String> schemes() {
        return Set.of("local");
    }

    @Override
    public Registry open(RegistryAddress.Provided address, RegistryContext context) {
        return new EmbeddedRegistry(new RuntimeDependencies(context.time(), context.random(), context.events()));
    }
}
// @end
