package dev.treaty.cli.contract;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.Main;
import dev.treaty.cli.RegistryOptions;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.cli.output.Style;
import dev.treaty.codec.Json;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.spi.ContractHistory;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The parts of {@code treaty contract} that compare. */
final class ContractChecks {
    /** The exit code of a check that found that calls would fail. */
    static final int BREAKS = 3;

    private ContractChecks() {}

    /** {@code treaty contract diff}. */
    @Command(
            name = "diff",
            description = {
                "Tells what two versions of a contract promise differently, and whose calls fail for it.",
                "A and B are each a service, SERVICE@VERSION or a file; with --class, that class is B."
            },
            exitCodeList = {
                "0:they could be compared, whatever came out",
                "1:they could not: the registry cannot be reached, a file is missing or is no contract",
                "2:the command line or the configuration is wrong"
            },
            footer = {
                "",
                "Examples:",
                "  treaty contract diff shop.Orders@1.4.0 shop.Orders",
                "  treaty contract diff orders.contract --class com.acme.Orders --class-path target/classes"
            })
    static final class Diff implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "A", description = "The older contract.")
        @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
        private String a;

        @Parameters(index = "1", paramLabel = "B", arity = "0..1", description = "The newer one.")
        private @Nullable String b;

        @Mixin
        private final ContractSource source = new ContractSource();

        @Option(names = "--json", description = "Print a JSON object.")
        private boolean json;

        @Spec
        @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
        private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            ServiceContract newer = source.read(spec, b);
            var differences = DifferenceReport.between(source.named(a), newer);
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(Json.indented(differences.document()));
            } else {
                differences.print(out, spec.commandLine().getColorScheme().ansi());
            }
            return Main.OK;
        }
    }

    /** {@code treaty contract check}. */
    @Command(
            name = "check",
            description = {
                "Checks, for continuous integration, whether a contract may be published: whether clients of the"
                        + " versions before it would go on working.",
                "It is compared with what the registry remembers, by the rule by which the registry itself decides; or"
                        + " with --against, with a file or a published version, without a registry where that is a"
                        + " file. A new major version and anything below 1.0.0 may break."
            },
            exitCodeList = {
                "0:it may be published",
                "1:it could not be checked: the registry cannot be reached, a file is missing or is no contract",
                "2:the command line or the configuration is wrong",
                "3:calls would fail; the output says which"
            },
            footer = {
                "",
                "Examples:",
                "  treaty contract check --class com.acme.Orders --class-path target/classes",
                "  treaty contract check new.contract --against orders.contract",
                "  treaty contract check new.contract --new-clients --json"
            })
    static final class Check implements Callable<Integer> {
        @Parameters(paramLabel = "FILE", arity = "0..1", description = "The contract to check.")
        private @Nullable String subject;

        @Option(
                names = "--against",
                paramLabel = "FILE|SERVICE@VERSION",
                description = "Compare with this one rather than with what the registry remembers.")
        private @Nullable String against;

        @Option(
                names = "--new-clients",
                description = "Clients of it must also be able to call servers of the versions before it, as they have"
                        + " to where clients are rolled out before servers.")
        private boolean newClients;

        @Option(names = "--strict", description = "A new major version and those below 1.0.0 may not break either.")
        private boolean strict;

        @Option(names = "--json", description = "Print a JSON object.")
        private boolean json;

        @Mixin
        private final ContractSource source = new ContractSource();

        @Spec
        @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
        private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            ServiceContract contract = source.read(spec, subject);
            var compared = new ArrayList<DifferenceReport>();
            String other = against;
            if (other != null) {
                compared.add(DifferenceReport.between(source.named(other), contract));
            } else {
                compared.addAll(withRegistry(contract));
            }
            boolean free = other != null && !strict && mayBreak(source.named(other), contract);
            boolean fine = compared.stream().allMatch(d -> free || fine(d));
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                var document = new LinkedHashMap<String, Object>();
                document.put("contract", JsonDocuments.of(contract));
                document.put("compatible", fine);
                document.put(
                        "compared",
                        compared.stream().map(DifferenceReport::document).toList());
                out.println(Json.indented(document));
            } else {
                print(contract, compared, fine, out);
            }
            return fine ? Main.OK : BREAKS;
        }

        private boolean fine(DifferenceReport differences) {
            var compatibility = differences.compatibility();
            return compatibility.oldClientsWork() && (!newClients || compatibility.newClientsWork());
        }

        private static boolean mayBreak(ServiceContract before, ServiceContract contract) {
            return contract.version().major() == 0
                    || contract.version().major() > before.version().major();
        }

        private List<DifferenceReport> withRegistry(ServiceContract contract) {
            try (Treaty treaty = source.open()) {
                var name = contract.name();
                List<ServiceContract> known = treaty.registry().contracts(name);
                RegistryOptions.reached(treaty);
                var live = RegistryOptions.instances(treaty, name).stream()
                        .map(ServiceInstance::contract)
                        .collect(Collectors.toSet());
                if (strict && !known.isEmpty()) {
                    return List.of(DifferenceReport.between(known.getFirst(), contract));
                }
                return ContractHistory.of(known.reversed()).compare(contract, live).entrySet().stream()
                        .map(entry -> new DifferenceReport(entry.getKey(), contract, entry.getValue()))
                        .toList();
            }
        }

        private void print(ServiceContract contract, List<DifferenceReport> compared, boolean fine, PrintWriter out) {
            var ansi = spec.commandLine().getColorScheme().ansi();
            compared.forEach(differences -> differences.print(out, ansi));
            String subjectAndVersion = contract.name() + " " + contract.version();
            out.println(
                    fine
                            ? Style.GOOD.paint(ansi, subjectAndVersion + " may be published")
                                    + (compared.isEmpty() ? ": there is nothing that it could break" : "")
                            : Style.FAULT.paint(ansi, subjectAndVersion + " may not be published: calls would fail"));
        }
    }

    /** {@code treaty contract publish}. */
    @Command(
            name = "publish",
            description = {
                "Publishes a contract to the registry, before any instance does.",
                "With --force the registry takes it although it breaks clients; instances that keep it are then taken"
                        + " too."
            },
            exitCodeList = {
                "0:the registry has it",
                "1:the registry refuses it, or has not said that it has it; publishing it again does no harm",
                "2:the command line or the configuration is wrong"
            },
            footer = {"", "Examples:", "  treaty contract publish orders.contract --force"})
    static final class Publish implements Callable<Integer> {
        @Parameters(paramLabel = "FILE", arity = "0..1", description = "The contract to publish.")
        private @Nullable String subject;

        @Option(names = "--force", description = "Publish it although calls of clients will fail.")
        private boolean force;

        @Mixin
        private final ContractSource source = new ContractSource();

        @Spec
        @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
        private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            ServiceContract contract = source.read(spec, subject);
            if (subject != null && subject.indexOf('@') >= 0) {
                throw new ParameterException(
                        spec.commandLine(), "name a file or a class: " + subject + " is published");
            }
            try (Treaty treaty = source.open()) {
                treaty.registry().publish(contract, force);
                makeSure(treaty.registry(), contract);
                spec.commandLine().getOut().println(contract.name() + " " + contract.version() + " is published");
            }
            return Main.OK;
        }

        /** Publishing returns although the registry has not answered: so it is asked whether it has the contract. */
        private static void makeSure(Registry registry, ServiceContract contract) {
            boolean known = registry.contracts(contract.name()).stream()
                    .anyMatch(published -> published.version().equals(contract.version())
                            && published.fingerprint().equals(contract.fingerprint()));
            Optional<String> trouble = registry.problem();
            if (trouble.isPresent() && registry.staleSince().isEmpty()) {
                throw new CommandFailed(trouble.get()); // it can be reached, and refuses
            }
            if (trouble.isPresent() || !known) {
                throw new CommandFailed("it is not known whether " + contract.name() + " " + contract.version()
                        + " is published, and publishing it again does no harm: "
                        + trouble.orElse("the registry " + registry.address() + " has not said so yet")
                        + RegistryOptions.ELSE);
            }
        }
    }
}
