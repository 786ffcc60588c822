package dev.treaty.demo;

import dev.treaty.cli.Converters;
import dev.treaty.registry.RegistryAddress;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;

/**
 * The registry that a demo uses.
 *
 * @param existing the address of a registry that runs already and is not stopped
 * @param kind which registry the demo starts if there is no existing one
 */
record RegistryChoice(Optional<RegistryAddress> existing, DemoRegistry.Kind kind) {

    /** Reads {@code treaty}, {@code etcd}, {@code zookeeper}, or the address of a registry. */
    static final class Converter implements ITypeConverter<RegistryChoice> {
        @Override
        public RegistryChoice convert(String text) {
            return Converters.constant(DemoRegistry.Kind.class, text)
                    .map(kind -> new RegistryChoice(Optional.empty(), kind))
                    .orElseGet(() -> new RegistryChoice(
                            Optional.of(new Converters.Registry().convert(text)), DemoRegistry.Kind.TREATY));
        }
    }
}
