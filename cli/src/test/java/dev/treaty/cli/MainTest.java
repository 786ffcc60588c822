package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.cli.output.Style;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
    private static final List<String> COMMANDS =
            List.of("demo", "up", "registry", "services", "instances", "watch", "call", "contract", "config", "help");

    @Test
    void withoutACommandItTellsThemAll() {
        Command run = Command.run();

        assertThat(run.exit()).isEqualTo(Main.OK);
        assertThat(run.out()).contains(COMMANDS).contains("./treaty", "Exit codes:");
    }

    @ParameterizedTest
    @ValueSource(strings = {"demo", "up", "registry", "services", "instances", "watch", "call", "contract", "config"})
    void everyCommandExplainsItselfWithExamples(String command) {
        Command run = Command.run(command, "--help");

        assertThat(run.exit()).isEqualTo(Main.OK);
        assertThat(run.out()).startsWith("Usage: treaty " + command).contains("Examples:", "Exit codes:", "--help");
        assertThat(run.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(120));
        assertThat(Command.run("help", command).out()).isEqualTo(run.out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fly | Unmatched argument",
                "call | Missing required parameters",
                "call shop.Orders get '{' | the request",
                "call shop.Orders get '[]' | must be a JSON object",
                "call 4711 get | is not a service name",
                "call shop.Orders get '{}' --deadline soon | not a duration",
                "call shop.Orders get '{}' --deadline 0s | more than nothing",
                "services --registry http://x | is not the address of a registry",
                "services --registry embedded | is not the address of a registry",
                "demo --rate 0 | --rate is 0: use 1 to 10000",
                "demo --for 1s | too short",
                "registry --port 70000 | port",
                "registry --host 0.0.0.0 | advertise",
                "contract export | name a service or a file",
                "contract export shop.Orders --format pdf | choose text, json-schema or openapi",
            })
    void aWrongCommandLineIsToldInOneSentence(String line, String part) {
        Command run = Command.run(words(line));

        assertThat(run.exit()).isEqualTo(Main.USAGE);
        assertThat(run.err()).startsWith("treaty: ").contains(part).doesNotContain("Exception", "\tat ");
        assertThat(run.out()).isEmpty();
    }

    private static String[] words(String line) {
        return Arrays.stream(line.strip().split(" "))
                .map(word -> word.replace("'", ""))
                .toArray(String[]::new);
    }

    @Test
    void aMistypedCommandIsAnsweredWithTheLikelyOne() {
        assertThat(Command.run("servces").err()).contains("services");
    }

    @Test
    void withoutARegistryItSaysHowToStartOne() {
        Command run = Command.run("services", "--registry", "treaty://127.0.0.1:1");

        assertThat(run.exit()).isEqualTo(Main.FAILED);
        assertThat(run.err()).contains("treaty://127.0.0.1:1", "treaty registry");
    }

    @Test
    void colourIsOnlyForTerminals() {
        assertThat(Command.run("config").out()).doesNotContain("\u001b");
        assertThat(Style.FAULT.paint(CommandLine.Help.Ansi.OFF, "x")).isEqualTo("x");
        assertThat(Style.FAULT.paint(CommandLine.Help.Ansi.ON, "x")).isEqualTo("\u001b[1;31mx\u001b[0m");
    }

    @Test
    void whatDoesNotEndWithALineIsPrintedToo(@TempDir Path folder) throws IOException {
        Path file =
                Files.writeString(folder.resolve("a.contract"), "contract acme.Greetings 1.0.0\n\ngreet(name: string)");
        var said = new StringWriter();
        var out = new PrintWriter(new BufferedWriter(said));
        assertThat(Main.run(out, out, "contract", "show", file.toString())).isEqualTo(Main.OK);
        assertThat(said.toString()).contains("greet(name: string)");
    }
}
