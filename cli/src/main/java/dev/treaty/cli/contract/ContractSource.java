package dev.treaty.cli.contract;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Where a command finds contracts: with a registry, in a file, or in a class. */
final class ContractSource {
    @Option(
            names = "--class",
            paramLabel = "NAME",
            description = "A Java interface with @Contract, in place of a service or file.")
    private @Nullable String type;

    @Option(
            names = "--class-path",
            paramLabel = "PATH",
            split = ":",
            description = "Where the interface is: jars and folders, separated by colons.")
    private List<Path> classPath = List.of();

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    /** A client of the registry that was named. */
    Treaty open() {
        return registry.open();
    }

    /**
     * Reads a contract: the class where one was named, and otherwise the subject.
     *
     * @param subject {@code SERVICE}, {@code SERVICE@VERSION} or a file; null where none was given
     * @throws CommandFailed where there is no such contract
     */
    ServiceContract read(CommandSpec spec, @Nullable String subject) throws IOException {
        String className = type;
        if ((subject == null) == (className == null)) {
            throw new ParameterException(
                    spec.commandLine(), "name a service or a file, or a class with --class NAME --class-path PATH");
        }
        return className != null ? ofClass(className) : named(String.valueOf(subject));
    }

    /** Reads the contract that a subject names, whether or not a class was named. */
    ServiceContract named(String subject) throws IOException {
        Path file = Path.of(subject);
        return Files.isRegularFile(file) ? ServiceContract.parse(Files.readString(file)) : published(subject);
    }

    private ServiceContract ofClass(String className) throws IOException {
        URL[] urls = new URL[classPath.size()];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = url(classPath.get(i));
        }
        try (var loader = new URLClassLoader(urls, ContractCommand.class.getClassLoader())) {
            return ServiceContract.of(Class.forName(className, false, loader));
        } catch (ClassNotFoundException | LinkageError e) {
            throw new CommandFailed("class " + className + " cannot be loaded (" + e + "): check --class-path");
        }
    }

    private static URL url(Path path) throws MalformedURLException {
        if (!Files.exists(path)) {
            throw new CommandFailed("there is nothing at " + path + ": check --class-path");
        }
        return path.toUri().toURL();
    }

    private ServiceContract published(String subject) {
        int at = subject.indexOf('@');
        var name = new ServiceName(at < 0 ? subject : subject.substring(0, at));
        try (Treaty treaty = open()) {
            List<ServiceContract> contracts = treaty.registry().contracts(name);
            RegistryOptions.reached(treaty);
            if (contracts.isEmpty()) {
                throw new CommandFailed("no service has published a contract named " + name
                        + "; \"treaty services\" lists those that have");
            }
            if (at < 0) {
                return contracts.getFirst();
            }
            var version = Version.parse(subject.substring(at + 1));
            return contracts.stream()
                    .filter(contract -> contract.version().equals(version))
                    .findFirst()
                    .orElseThrow(() -> new CommandFailed("the registry remembers no version " + version + " of " + name
                            + "; \"treaty contract show " + name + " --versions\" lists those that it does"));
        }
    }
}
