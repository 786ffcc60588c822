package dev.treaty.cli.contract;

import dev.treaty.cli.OutputCommand;
import dev.treaty.cli.output.JsonDocuments;
import dev.treaty.core.contract.ServiceContract;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The base class of commands that read one contract. */
abstract class ReadingCommand extends OutputCommand {
    @Parameters(
            paramLabel = "SERVICE|FILE",
            arity = "0..1",
            description = "A service that has published its contract, SERVICE@VERSION, or a file with contract text.")
    @Nullable
    String subject;

    @Mixin
    final ContractSource source = new ContractSource();

    final ServiceContract read() throws IOException {
        return source.read(spec(), subject);
    }

    /** Prints the text of a contract, or a JSON object with the text. */
    final void print(ServiceContract contract) {
        if (json()) {
            var document = JsonDocuments.of(contract);
            document.put("text", contract.text());
            printJson(document);
        } else {
            out().print(contract.text());
        }
    }
}
