package dev.treaty.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

/** The help that {@code ./treaty --help} prints without a build; here all commands are on the class path. */
class HelpTest {
    @Test
    void the_committed_help_is_what_picocli_prints() throws IOException {
        String help = Main.commandLine().setUsageHelpAutoWidth(false).getUsageMessage(Ansi.OFF);
        Path printed = Files.writeString(Path.of("target/help.txt"), help);
        assertThat(Path.of("../build/help.txt"))
                .as("to renew it: cp demo/target/help.txt build/help.txt")
                .hasSameTextualContentAs(printed);
    }
}
