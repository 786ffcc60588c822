package dev.treaty;

import dev.treaty.config.InstancesFile;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.JointRegistry;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.backend.FileBackend;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.spi.RegistryProvider;
import java.nio.file.Path;

/** Opens the registry that an address names. */
final class Registries {
    private final Platform platform;
    private final Principal self;
    private final Transport transport;
    private final RegistryTable table;
    private final Events events;

    Registries(Platform platform, Principal self, Transport transport, RegistryTable table, Events events) {
        this.platform = platform;
        this.self = self;
        this.transport = transport;
        this.table = table;
        this.events = events;
    }

    Registry open(RegistryAddress address) {
        return switch (address) {
            case RegistryAddress.Embedded _ -> new EmbeddedRegistry(table, platform.time(), events);
            case RegistryAddress.Network remote ->
                new NetworkRegistry(
                        remote.toString(),
                        transport.connect(remote.endpoint()),
                        self,
                        RegistryPolicy.STANDARD,
                        new RuntimeDependencies(platform.time(), platform.secrets(), events));
            case RegistryAddress.Provided provided -> provided(provided);
            case RegistryAddress.Several several ->
                new JointRegistry(
                        several.primaries().stream().map(this::open).toList(),
                        several.secondary().map(this::open),
                        platform.time());
        };
    }

    /** Instances that stand in a file. */
    private Registry file(RegistryAddress.Provided address, RegistryProvider.RegistryContext surroundings) {
        String path = address.rest().startsWith("//") ? address.rest().substring(2) : address.rest();
        var engine = new FileBackend(
                Path.of(path), text -> InstancesFile.parse(path, text), surroundings.format(), surroundings.time());
        return NetworkRegistry.over(engine, address.toString(), surroundings);
    }

    /** @throws IllegalStateException where no module on the class path brings registries of that scheme */
    private Registry provided(RegistryAddress.Provided address) {
        var surroundings = new RegistryProvider.RegistryContext(
                self, RegistryPolicy.STANDARD, platform.time(), platform.secrets(), events, new JsonInstances());
        String scheme = address.scheme();
        if (scheme.equals("file")) {
            return file(address, surroundings);
        }
        RegistryProvider provider = RegistryProvider.of(scheme)
                .orElseThrow(() -> new IllegalStateException("registry: " + address + " needs a module that is not on"
                        + " the class path: add "
                        + RegistryProvider.ARTIFACTS.getOrDefault(scheme, "the one that brings " + scheme + ":")));
        return provider.open(address, surroundings);
    }
}
