package dev.treaty.cli.contract;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.CommandGroup;
import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.codec.JsonSchema;
import dev.treaty.codec.OpenApi;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.compatibility.Compatibility;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.spi.ContractHistory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty contract}: shows and exports contracts. */
@Command(
        name = "contract",
        description = "Shows, compares, checks, publishes, withdraws and exports contracts.",
        subcommands = {
            ContractCommand.Show.class,
            ContractCommand.Diff.class,
            ContractCommand.Check.class,
            ContractCommand.Publish.class,
            ContractCommand.Withdraw.class,
            ContractCommand.Export.class
        },
        footerHeading = OutputCommand.EXAMPLES,
        footer = {
            "  treaty contract show shop.Orders",
            "  treaty contract diff shop.Orders@1.4.0 shop.Orders",
            "  treaty contract check --class com.acme.Greetings --class-path target/classes",
            "  treaty contract export shop.Orders --format openapi > orders.json",
            "  treaty contract export --class com.acme.Greetings --class-path target/classes"
        })
public final class ContractCommand extends CommandGroup {
    /** The exit code of a check that found breaking changes. */
    static final int BREAKS = 3;

    /** {@code treaty contract show}. */
    @Command(
            name = "show",
            description = "Prints a contract as text, or lists its published versions.",
            footer = {
                "  treaty contract show shop.Orders",
                "  treaty contract show shop.Orders@1.4.0",
                "  treaty contract show shop.Orders --versions",
                "  treaty contract show orders.contract"
            })
    static final class Show extends ReadingCommand {
        @Option(names = "--versions", description = "List the versions, with the number of instances of each.")
        private boolean versions;

        @Override
        public Integer call() throws IOException {
            if (versions) {
                printVersions();
                return Main.OK;
            }
            print(read());
            return Main.OK;
        }

        private void printVersions() {
            if (subject == null) {
                throw usageError("name a service to list its versions");
            }
            var name = new ServiceName(subject);
            List<ServiceContract> contracts;
            List<ServiceInstance> instances;
            try (Treaty treaty = source.open()) {
                contracts = treaty.registry().contracts(name);
                RegistryOptions.requireReached(treaty);
                instances = RegistryOptions.instances(treaty, name);
            }
            var table = new Table("VERSION", "FINGERPRINT", ">INSTANCES");
            var documents = new ArrayList<Map<String, Object>>();
            for (ServiceContract contract : contracts) {
                long count = instances.stream()
                        .filter(instance -> instance.contract().equals(contract.fingerprint())
                                && instance.version().equals(contract.version()))
                        .count();
                table.row(contract.version(), contract.fingerprint(), count);
                var document = JsonDocuments.of(contract);
                document.put("instances", count);
                documents.add(document);
            }
            printList(documents, () -> table, "No contract of " + name + " is published.");
        }
    }

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
            print(JsonDocuments.of(contract), contract.name() + " " + contract.version() + " is published");
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

    /** {@code treaty contract withdraw}. */
    @Command(
            name = "withdraw",
            description = {
                "Removes a version of a contract from the registry.",
                "The registry refuses that while registered instances run the version; the exit code is then 1."
            },
            footer = {"  treaty contract withdraw shop.Orders 1.4.0"})
    static final class Withdraw extends OutputCommand {
        @Parameters(index = "0", paramLabel = "SERVICE", description = "The service.")
        @SuppressWarnings("NullAway.Init") // injected by picocli
        private ServiceName service;

        @Parameters(index = "1", paramLabel = "VERSION", description = "The version of its contract.")
        @SuppressWarnings("NullAway.Init") // injected by picocli
        private Version version;

        @Mixin
        private final RegistryOptions registry = new RegistryOptions();

        @Override
        public Integer call() {
            try (Treaty treaty = registry.open()) {
                RegistryOptions.reaching(treaty, () -> {
                    treaty.registry().withdraw(service, version);
                    return true;
                });
            } catch (IllegalStateException e) { // instances run it
                throw new CommandFailed(String.valueOf(e.getMessage()));
            }
            print(
                    Map.of("service", service.value(), "version", version.toString(), "withdrawn", true),
                    service + " " + version + " is withdrawn");
            return Main.OK;
        }
    }

    /** The formats of {@code treaty contract export}. */
    public enum Format {
        /** Contract text, as {@code show} prints it. */
        TEXT,
        /** JSON Schema, draft 2020-12. */
        JSON_SCHEMA,
        /** OpenAPI 3.1. */
        OPENAPI
    }

    /** {@code treaty contract export}. */
    @Command(
            name = "export",
            description = "Prints a contract in a format that other tools read.",
            footer = {
                "  treaty contract export shop.Orders --format json-schema",
                "  treaty contract export --class com.acme.Greetings --class-path target/classes --format openapi"
            })
    static final class Export extends ReadingCommand {
        @Option(
                names = "--format",
                paramLabel = "FORMAT",
                description = "text, json-schema or openapi (default: openapi).")
        private Format format = Format.OPENAPI;

        @Override
        public Integer call() throws IOException {
            ServiceContract contract = read();
            switch (format) {
                case TEXT -> print(contract);
                case JSON_SCHEMA -> out().println(JsonSchema.of(contract));
                case OPENAPI -> out().println(OpenApi.of(contract));
            }
            return Main.OK;
        }
    }
}
