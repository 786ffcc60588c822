package dev.treaty.cli.contract;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Style;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.compatibility.Compatibility;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.spi.ContractHistory;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The subcommands of {@code treaty contract} that compare and publish. */
final class ContractChecks {
    /** The exit code of a check that found breaking changes. */
    static final int BREAKS = 3;

    private ContractChecks() {}

    /** {@code treaty contract diff}. */
    @Command(
            name = "diff",
            description = {
                "Lists the differences between two versions of a contract, and the clients whose calls they break.",
                "A and B are each a service, SERVICE@VERSION or a file; with --class, that class is B."
            },
            footer = {
                "  treaty contract diff shop.Orders@1.4.0 shop.Orders",
                "  treaty contract diff orders.contract --class com.acme.Orders --class-path target/classes"
            })
    static final class Diff extends OutputCommand {
        @Parameters(index = "0", paramLabel = "A", description = "The older contract.")
        private String a = "";

        @Parameters(index = "1", paramLabel = "B", arity = "0..1", description = "The newer contract.")
        private @Nullable String b;

        @Mixin
        private final ContractSource source = new ContractSource();

        @Override
        public Integer call() throws IOException {
            ServiceContract newer = source.read(spec(), b);
            var differences = DifferenceReport.between(source.read(a), newer);
            if (json()) {
                printJson(differences.document());
            } else {
                differences.print(out(), ansi());
            }
            return Main.OK;
        }
    }

    /** {@code treaty contract check}. */
    @Command(
            name = "check",
            description = {
                "Checks, for continuous integration, that a contract breaks no clients of earlier versions.",
                "It is compared with the versions in the registry, by the registry's own rule; or with --against, with"
                        + " a file or a published version; a file needs no registry. A new major version and versions"
                        + " below 1.0.0 may break clients."
            },
            exitCodeList = {
                "0:the contract may be published",
                "1:it could not be checked: the registry cannot be reached, a file is missing or not a contract",
                "2:the command line or the configuration is wrong",
                "3:it breaks clients; the output lists the changes"
            },
            footer = {
                "  treaty contract check --class com.acme.Orders --class-path target/classes",
                "  treaty contract check new.contract --against orders.contract",
                "  treaty contract check new.contract --new-clients --json"
            })
    static final class Check extends ReadingCommand {
        @Option(
                names = "--against",
                paramLabel = "FILE|SERVICE@VERSION",
                description = "Compare with this contract instead of the versions in the registry.")
        private @Nullable String against;

        @Option(
                names = "--new-clients",
                description = "Also check that its clients can call servers of the earlier versions, for clients that"
                        + " are rolled out before servers.")
        private boolean newClients;

        @Option(names = "--strict", description = "Check new major versions and versions below 1.0.0 too.")
        private boolean strict;

        @Override
        public Integer call() throws IOException {
            ServiceContract contract = read();
            List<DifferenceReport> compared;
            boolean exempt = false;
            if (against == null) {
                compared = withRegistry(contract);
            } else {
                ServiceContract older = source.read(against);
                compared = List.of(DifferenceReport.between(older, contract));
                int major = contract.version().major();
                exempt = !strict && (major == 0 || major > older.version().major());
            }
            boolean compatible = exempt || compared.stream().allMatch(this::compatible);
            if (json()) {
                var document = new LinkedHashMap<String, Object>();
                document.put("contract", JsonDocuments.of(contract));
                document.put("compatible", compatible);
                document.put(
                        "compared",
                        compared.stream().map(DifferenceReport::document).toList());
                printJson(document);
            } else {
                compared.forEach(differences -> differences.print(out(), ansi()));
                String name = contract.name() + " " + contract.version();
                out().println(
                                compatible
                                        ? paint(Style.GOOD, name + " may be published")
                                        : paint(Style.FAULT, name + " may not be published: it breaks clients"));
            }
            return compatible ? Main.OK : BREAKS;
        }

        private boolean compatible(DifferenceReport differences) {
            Compatibility compatibility = differences.compatibility();
            return compatibility.oldClientsWork() && (!newClients || compatibility.newClientsWork());
        }

        private List<DifferenceReport> withRegistry(ServiceContract contract) {
            try (Treaty treaty = source.open()) {
                List<ServiceContract> known = treaty.registry().contracts(contract.name());
                RegistryOptions.requireReached(treaty);
                if (strict && !known.isEmpty()) {
                    return List.of(DifferenceReport.between(known.getFirst(), contract));
                }
                var live = RegistryOptions.instances(treaty, contract.name()).stream()
                        .map(ServiceInstance::contract)
                        .collect(Collectors.toSet());
                return ContractHistory.of(known.reversed()).compare(contract, live).entrySet().stream()
                        .map(entry -> new DifferenceReport(entry.getKey(), contract, entry.getValue()))
                        .toList();
            }
        }
    }

    /** {@code treaty contract publish}. */
    @Command(
            name = "publish",
            description = {
                "Publishes a contract to the registry, before any instance does.",
                "With --force the registry accepts a contract that breaks clients, and then also its instances.",
                "If the registry rejects it or does not answer, the exit code is 1; publishing again does no harm."
            },
            footer = {"  treaty contract publish orders.contract --force"})
    static final class Publish extends ReadingCommand {
        @Option(names = "--force", description = "Publish it even if it breaks clients.")
        private boolean force;

        @Override
        public Integer call() throws IOException {
            ServiceContract contract = read();
            try (Treaty treaty = source.open()) {
                treaty.registry().publish(contract, force);
                verify(treaty.registry(), contract);
            }
            if (json()) {
                printJson(JsonDocuments.of(contract));
            } else {
                out().println(contract.name() + " " + contract.version() + " is published");
            }
            return Main.OK;
        }

        /** Reads the contract back, because {@code publish} returns even if the registry has not answered. */
        private static void verify(Registry registry, ServiceContract contract) {
            boolean known = registry.contracts(contract.name()).stream()
                    .anyMatch(published -> published.version().equals(contract.version())
                            && published.fingerprint().equals(contract.fingerprint()));
            boolean reached = registry.staleSince().isEmpty();
            Optional<String> problem = registry.problem();
            if (reached && !known && problem.isPresent()) {
                throw new CommandFailed(problem.get()); // rejected
            }
            if (!reached || !known) {
                throw new CommandFailed("it is not known whether " + contract.name() + " " + contract.version()
                        + " is published, and publishing it again does no harm: "
                        + problem.orElse("the registry " + registry.address() + " has not confirmed it")
                        + RegistryOptions.HINT);
            }
        }
    }
}
