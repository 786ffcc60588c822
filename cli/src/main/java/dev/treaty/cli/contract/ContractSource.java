package dev.treaty.cli.contract;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that select the source of a contract: a registry, a file or a class. */
final class ContractSource {
    @Option(
            names = "--class",
            paramLabel = "NAME",
            description = "A Java interface with @Contract, instead of a service or file.")
    private @Nullable String type;

    @Option(
            names = "--class-path",
            paramLabel = "PATH",
            split = ":",
            description = "The jars and directories with the interface, separated by colons.")
    private List<Path> classPath = List.of();

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    /** Opens a client of the selected registry. */
    Treaty open() {
        return registry.open();
    }

    /**
     * Reads the contract of the class if {@code --class} is given, and else of the subject.
     *
     * @throws CommandFailed if the contract does not exist
     */
    ServiceContract read(CommandSpec spec, @Nullable String subject) throws IOException {
        if (subject != null && type == null) {
            return read(subject);
        }
        if (subject == null && type != null) {
            return ContractClasses.read(type, classPath, "--class-path");
        }
        throw new ParameterException(
                spec.commandLine(), "name a service or a file, or a class with --class NAME --class-path PATH");
    }

    /** Reads a file if the subject is one, else the published contract {@code SERVICE} or {@code SERVICE@VERSION}. */
    ServiceContract read(String subject) throws IOException {
        Path file = Path.of(subject);
        return Files.isRegularFile(file) ? ServiceContract.parse(OutputCommand.text(file)) : published(subject);
    }

    private ServiceContract published(String subject) {
        int at = subject.indexOf('@');
        var name = new ServiceName(at < 0 ? subject : subject.substring(0, at));
        try (Treaty treaty = open()) {
            List<ServiceContract> contracts = treaty.registry().contracts(name);
            RegistryOptions.requireReached(treaty);
            if (contracts.isEmpty()) {
                throw new CommandFailed(
                        "no contract of " + name + " is published" + RegistryOptions.suggestion(treaty, name));
            }
            if (at < 0) {
                return contracts.getFirst();
            }
            var version = Version.parse(subject.substring(at + 1));
            return contracts.stream()
                    .filter(contract -> contract.version().equals(version))
                    .findFirst()
                    .orElseThrow(() -> new CommandFailed("the registry has no version " + version + " of " + name
                            + "; \"treaty contract show " + name + " --versions\" lists the versions that it has"));
        }
    }
}
