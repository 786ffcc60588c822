package dev.treaty.cli.contract;

import dev.treaty.Treaty;
import dev.treaty.cli.Converters;
import dev.treaty.cli.Main;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Table;
import dev.treaty.codec.Json;
import dev.treaty.codec.JsonSchema;
import dev.treaty.codec.OpenApi;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty contract}: what a service promises. */
@Command(
        name = "contract",
        description = "Shows what a service promises, compares and checks its versions, exports it for other tools.",
        subcommands = {
            ContractCommand.Show.class,
            ContractChecks.Diff.class,
            ContractChecks.Check.class,
            ContractChecks.Publish.class,
            ContractCommand.Export.class
        },
        footer = {
            "",
            "Examples:",
            "  treaty contract show shop.Orders",
            "  treaty contract diff shop.Orders@1.4.0 shop.Orders",
            "  treaty contract check --class com.acme.Greetings --class-path target/classes",
            "  treaty contract export shop.Orders --format openapi > orders.json",
            "  treaty contract export --class com.acme.Greetings --class-path target/classes"
        })
public final class ContractCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** {@code treaty contract show}. */
    @Command(
            name = "show",
            description = "Prints a contract as text, or the versions of it that the registry remembers.",
            footer = {
                "",
                "Examples:",
                "  treaty contract show shop.Orders",
                "  treaty contract show shop.Orders@1.4.0",
                "  treaty contract show shop.Orders --versions",
                "  treaty contract show orders.contract"
            })
    static final class Show implements Callable<Integer> {
        @Parameters(
                paramLabel = "SERVICE|FILE",
                arity = "0..1",
                description = "A service that has published its contract, SERVICE@VERSION, or a file of contract text.")
        private @Nullable String subject;

        @Mixin
        private final ContractSource source = new ContractSource();

        @Option(names = "--versions", description = "List the versions, and how many instances keep each.")
        private boolean versions;

        @Option(names = "--json", description = "Print a JSON object; with --versions, an array of them.")
        private boolean json;

        @Spec
        @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
        private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            var out = spec.commandLine().getOut();
            if (versions) {
                versions(out);
                return Main.OK;
            }
            ServiceContract contract = source.read(spec, subject);
            if (json) {
                var document = JsonDocuments.of(contract);
                document.put("text", contract.text());
                out.println(Json.indented(document));
            } else {
                out.print(contract.text());
            }
            return Main.OK;
        }

        private void versions(PrintWriter out) {
            if (subject == null) {
                throw new ParameterException(spec.commandLine(), "name a service to list its versions");
            }
            var name = new ServiceName(subject);
            List<ServiceContract> contracts;
            List<ServiceInstance> instances;
            try (Treaty treaty = source.open()) {
                contracts = treaty.registry().contracts(name);
                RegistryOptions.reached(treaty);
                instances = RegistryOptions.instances(treaty, name);
            }
            var table = new Table("VERSION", "FINGERPRINT", ">INSTANCES");
            var documents = new ArrayList<Map<String, Object>>();
            for (ServiceContract contract : contracts) {
                long kept = instances.stream()
                        .filter(instance -> instance.contract().equals(contract.fingerprint())
                                && instance.version().equals(contract.version()))
                        .count();
                table.row()
                        .cell(contract.version().toString())
                        .cell(contract.fingerprint())
                        .cell(Long.toString(kept));
                var document = JsonDocuments.of(contract);
                document.put("instances", kept);
                documents.add(document);
            }
            if (json) {
                out.println(Json.indented(documents));
            } else {
                table.print(out, spec.commandLine().getColorScheme().ansi());
            }
        }
    }

    /** Forms in which a contract can be exported. */
    public enum Format {
        /** Contract text, as {@code show} prints it. */
        TEXT,
        /** JSON Schema, draft 2020-12. */
        JSON_SCHEMA,
        /** OpenAPI 3.1. */
        OPENAPI;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** {@code treaty contract export}. */
    @Command(
            name = "export",
            description = "Prints a contract in a form that other tools read.",
            footer = {
                "",
                "Examples:",
                "  treaty contract export shop.Orders --format json-schema",
                "  treaty contract export --class com.acme.Greetings --class-path target/classes --format openapi"
            })
    static final class Export implements Callable<Integer> {
        @Parameters(
                paramLabel = "SERVICE|FILE",
                arity = "0..1",
                description = "A service that has published its contract, SERVICE@VERSION, or a file of contract text.")
        private @Nullable String subject;

        @Mixin
        private final ContractSource source = new ContractSource();

        @Option(
                names = "--format",
                paramLabel = "FORMAT",
                defaultValue = "openapi",
                converter = Converters.ContractFormat.class,
                description = "One of text, json-schema, openapi; openapi where it is left out.")
        @SuppressWarnings("NullAway.Init") // has a default
        private Format format;

        @Spec
        @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
        private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            ServiceContract contract = source.read(spec, subject);
            var out = spec.commandLine().getOut();
            switch (format) {
                case TEXT -> out.print(contract.text());
                case JSON_SCHEMA -> out.println(JsonSchema.of(contract));
                case OPENAPI -> out.println(OpenApi.of(contract));
            }
            return Main.OK;
        }
    }
}
