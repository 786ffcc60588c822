package dev.treaty.cli.shell;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.cli.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Completion in a real bash, and man pages. */
class ShellIntegrationTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "treaty serv, services",
        "treaty contract exp, export",
        "treaty call --dead, --deadline",
        "treaty ben, bench",
    })
    void bash_completes_commands_and_options(String line, String completed) throws Exception {
        Path script = Files.writeString(
                directory.resolve("completion"),
                Command.run("completion", "bash").out());

        assertThat(bash("""
            compopt() { :; }
            source '%s'
            COMP_WORDS=(%s)
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _complete_treaty
            echo "${COMPREPLY[@]}"
            """.formatted(script, line))).isEqualTo(completed);
    }

    private static String bash(String script) throws IOException {
        Process bash = new ProcessBuilder("bash", "-c", script)
                .redirectErrorStream(true)
                .start();
        return new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    @Test
    void zsh_gets_the_script_with_its_emulation_of_bash() {
        assertThat(Command.run("completion", "zsh").out()).contains("bashcompinit");
    }

    @Test
    void man_pages_have_the_sections_of_the_help() throws IOException {
        Path pages = directory.resolve("man1");

        assertThat(Command.run("man", pages.toString()).out()).contains("man pages");

        assertThat(pages.resolve("treaty.1")).exists();
        assertThat(pages.resolve("treaty-contract-show.1")).exists();
        assertThat(Files.readAllLines(pages.resolve("treaty-call.1")))
                .startsWith(".TH TREATY-CALL 1 \"\" Treaty", ".SH NAME")
                .contains(".SH SYNOPSIS", ".SH DESCRIPTION", ".SH ARGUMENTS", ".SH OPTIONS", ".SH EXAMPLES")
                .contains("  treaty call shop.Orders get '{\"id\":\"42\"}'")
                .anySatisfy(line -> assertThat(line).contains("\\-\\-deadline=DURATION"));
    }
}
