package dev.treaty.cli;

import dev.treaty.cli.config.LayerOptions;
import dev.treaty.cli.output.Style;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Principal.Proof;
import dev.treaty.core.security.Decision;
import dev.treaty.core.text.PrintableText;
import dev.treaty.security.AccessPolicy;
import dev.treaty.security.AccessRules;
import dev.treaty.security.AccessRules.Explanation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty access}: who may do what by the rules of a file. */
@Command(
        name = "access",
        description = "Explains who may do what by the rules of a file and by those that are built in.",
        subcommands = {AccessCommand.Explain.class, AccessCommand.ListAll.class},
        footerHeading = OutputCommand.EXAMPLES,
        footer = {
            "  treaty access explain shop.Web shop.Orders place",
            "  treaty access explain alice shop.Orders treaty.drain --role operator",
            "  treaty access list"
        })
final class AccessCommand extends CommandGroup {
    private static final Path USUAL = Path.of("treaty.yaml");

    /** The base class of both: they read rules. */
    abstract static class RulesCommand extends OutputCommand {
        @Option(names = "--file", paramLabel = "FILE", description = "The file (default: treaty.yaml, if it exists).")
        private @Nullable Path file;

        @Mixin
        private final LayerOptions layers = new LayerOptions();

        final AccessRules rules() {
            Optional<Path> read =
                    Optional.ofNullable(file).or(() -> Optional.of(USUAL).filter(Files::exists));
            return new AccessRules(layers.sources(read, System.getenv())
                    .read(List.of())
                    .settings()
                    .security()
                    .access());
        }
    }

    /** {@code treaty access explain}. */
    @Command(
            name = "explain",
            description = {
                "Prints whether a caller may call an operation, the rule that decides, all rules that match, and what"
                        + " would have to change if it may not; then the command fails.",
                "It is for each process that reads the file: nothing has to run."
            },
            footer = {
                "  treaty access explain shop.Web shop.Orders place",
                "  treaty access explain anonymous shop.Orders place",
                "  treaty access explain alice shop.Orders treaty.drain --role operator",
                "  treaty access explain bob shop.Orders place --claim tenant=acme --file prod/treaty.yaml",
                "  treaty access explain eve /-/metrics get --role reader"
            })
    static final class Explain extends RulesCommand {
        @Parameters(index = "0", paramLabel = "CALLER", description = "The name of the caller, or anonymous.")
        private String caller = "";

        @Parameters(index = "1", paramLabel = "SERVICE", description = "The service, or the path of a page.")
        private String service = "";

        @Parameters(
                index = "2",
                paramLabel = "OPERATION",
                description = "The operation, or the method of a page in lower case.")
        private String operation = "";

        @Option(
                names = "--role",
                paramLabel = "ROLE",
                description = "A role that the caller's token states; repeatable. The file may give it others.")
        private Set<String> roles = Set.of();

        @Option(
                names = "--claim",
                paramLabel = "NAME=VALUE",
                description = "A claim of the caller's token; repeatable.")
        private Map<String, String> claims = new LinkedHashMap<>();

        @Option(
                names = "--proof",
                paramLabel = "PROOF",
                description = "What proves the caller's name: certificate, token or api-key (default: token if it has"
                        + " roles or claims, else certificate).")
        private @Nullable String proof;

        @Override
        public Integer call() {
            AccessRules rules = rules();
            Explanation why = rules.explain(principal(), service, operation);
            print(document(why), text(why));
            return why.decision().allowed() ? Main.OK : Main.FAILED;
        }

        private Principal principal() {
            if (caller.equals(AccessPolicy.ANONYMOUS)) {
                if (!roles.isEmpty() || !claims.isEmpty() || proof != null) {
                    throw usageError("an anonymous caller has no roles, no claims and no proof: name the caller");
                }
                return Principal.ANONYMOUS;
            }
            Proof proven = proof == null
                    ? roles.isEmpty() && claims.isEmpty() ? Proof.CERTIFICATE : Proof.TOKEN
                    : switch (proof) {
                        case "certificate" -> Proof.CERTIFICATE;
                        case "token" -> Proof.TOKEN;
                        case "api-key" -> Proof.API_KEY;
                        default ->
                            throw usageError("--proof " + PrintableText.quote(proof)
                                    + " is not accepted: use certificate, token or api-key");
                    };
            return new Principal(caller, proven, roles, claims);
        }

        private static Map<String, Object> document(Explanation why) {
            var document = new LinkedHashMap<String, Object>();
            document.put("allowed", why.decision().allowed());
            document.put("rule", why.decision().rule());
            document.put("reason", why.decision().reason());
            document.put("matching", why.matching());
            document.put("changes", why.changes());
            return document;
        }

        private String text(Explanation why) {
            Decision decision = why.decision();
            var text = new StringBuilder(
                            decision.allowed() ? paint(Style.GOOD, "allowed") : paint(Style.FAULT, "denied"))
                    .append(": ")
                    .append(decision.reason());
            lines(text, "rules that match", why.matching().isEmpty() ? List.of("none") : why.matching());
            lines(text, "to allow it", why.changes());
            return text.toString();
        }

        private static void lines(StringBuilder text, String heading, List<String> lines) {
            if (!lines.isEmpty()) {
                text.append('\n').append(heading).append(':');
                lines.forEach(line -> text.append("\n  ").append(line));
            }
        }
    }

    /** {@code treaty access list}. */
    @Command(
            name = "list",
            description = "Prints all rules, those that deny first and those that are built in last.",
            footer = "  treaty access list --file prod/treaty.yaml")
    static final class ListAll extends RulesCommand {
        @Override
        public Integer call() {
            List<String> rules = rules().describe();
            print(rules, String.join("\n", rules));
            return Main.OK;
        }
    }
}
