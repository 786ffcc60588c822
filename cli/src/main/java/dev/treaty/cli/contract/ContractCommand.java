package dev.treaty.cli.contract;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Table;
import dev.treaty.codec.JsonSchema;
import dev.treaty.codec.OpenApi;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceInstance;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty contract}: shows and exports contracts. */
@Command(
        name = "contract",
        description = "Shows, compares, checks, publishes, withdraws and exports contracts.",
        subcommands = {
            ContractCommand.Show.class,
            ContractChecks.Diff.class,
            ContractChecks.Check.class,
            ContractChecks.Publish.class,
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
public final class ContractCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // injected by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

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
                treaty.registry().withdraw(service, version);
            } catch (IllegalStateException e) { // instances run it
                throw new CommandFailed(String.valueOf(e.getMessage()));
            }
            if (json()) {
                printJson(Map.of("service", service.value(), "version", version.toString(), "withdrawn", true));
            } else {
                out().println(service + " " + version + " is withdrawn");
            }
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
