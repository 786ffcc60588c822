package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.treaty.cli.output.Style;
import dev.treaty.codec.Json;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
    /** All commands with options, subcommands of {@code contract} included, but not help, which is picocli's. */
    static Stream<String> commands() {
        var names = new ArrayList<String>();
        Main.commandLine().getSubcommands().forEach((name, command) -> {
            names.add(name);
            command.getSubcommands().keySet().forEach(subcommand -> names.add(name + " " + subcommand));
        });
        names.remove("help");
        return names.stream();
    }

    @Test
    void without_a_command_all_commands_are_listed() {
        Command run = Command.run();

        assertThat(run.exit()).isEqualTo(Main.OK);
        assertThat(run.out())
                .contains(Main.commandLine().getSubcommands().keySet())
                .contains("up", "registry", "services", "instances", "watch", "call", "contract", "config", "help")
                .contains("./treaty", "Exit codes:");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void every_command_has_help_with_examples(String command) {
        Command run = Command.run(words(command + " --help"));

        assertThat(run.exit()).isEqualTo(Main.OK);
        assertThat(run.out())
                .startsWith("Usage: treaty " + command)
                .contains("Examples:", "Exit codes:", "--help")
                .doesNotContainPattern("\\b(somebody|nobody|whoever)\\b");
        assertThat(run.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(120));
        if (!command.contains(" ")) {
            assertThat(Command.run("help", command).out()).isEqualTo(run.out());
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void every_command_prints_its_errors_as_json(String command) {
        if (!Set.of("contract", "config", "certs", "tokens", "access").contains(command)) { // have only subcommands
            Command run = Command.run(words(command + " --json --no-such-option"));

            assertThat(run.exit()).isEqualTo(Main.USAGE);
            assertThat(run.out()).isEmpty();
            assertThat(Json.read(run.err()))
                    .asInstanceOf(MAP)
                    .containsEntry("code", "usage")
                    .extractingByKey("message")
                    .asString()
                    .isNotEmpty()
                    .doesNotContain("--json");
        }
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
                "call shop.Orders get '{}' --deadline 0s | greater than zero",
                "services --registry http://x | is not the address of a registry",
                "services --registry embedded | is not the address of a registry",
                "registry --port 70000 | port",
                "registry --host 0.0.0.0 | advertise",
                "contract export | name a service or a file",
                "contract export shop.Orders --format pdf | is not one of text, json-schema, openapi",
                "completion fish | is not one of bash, zsh",
            })
    void a_wrong_command_line_is_reported_in_one_sentence(String line, String part) {
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
    void a_mistyped_command_is_answered_with_a_similar_one() {
        assertThat(Command.run("servces").err()).contains("did you mean services");
    }

    @Test
    void a_missing_file_is_reported_as_json(@TempDir Path directory) {
        String missing = directory.resolve("none.yaml").toString();

        Command run = Command.run("services", "--json", "--config", missing);

        assertThat(run.exit()).isEqualTo(Main.USAGE);
        assertThat(Json.read(run.err()))
                .asInstanceOf(MAP)
                .containsEntry("code", "configuration")
                .extractingByKey("message")
                .asString()
                .contains(missing);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        config check FOLDER | 2 | this is a directory
        config check BINARY | 2 | not encoded in UTF-8
        config check FOLDER/none | 2 | there is no such file
        call a.B c @FOLDER | 1 | cannot be read
        call a.B c @BINARY | 1 | not encoded in UTF-8
        contract show BINARY | 1 | not encoded in UTF-8
        man BINARY | 1 | file already exists
        registry --port 0 --data BINARY | 1 | is not a directory
        """)
    void a_file_that_cannot_be_used_is_named_with_the_reason(
            String command, int exit, String reason, @TempDir Path folder) throws IOException {
        Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xff});

        Command run =
                Command.run(words(command.replace("FOLDER", folder.toString()).replace("BINARY", binary.toString())));

        assertThat(run.exit()).isEqualTo(exit);
        assertThat(run.err()).contains(folder.toString(), reason);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "services",
                "instances a.B",
                "drain a-1",
                "guards",
                "call a.B c",
                "contract show a.B",
                "contract withdraw a.B 1.0.0"
            })
    void without_a_registry_the_error_says_how_to_start_one(String command) {
        Command run = Command.run(words(command + " --registry treaty://127.0.0.1:1"));

        assertThat(run.exit()).isEqualTo(Main.FAILED);
        assertThat(run.err()).contains("treaty://127.0.0.1:1", "cannot be reached", "treaty registry");
    }

    @Test
    void a_registry_in_a_file_that_does_not_exist_is_not_taken_for_empty(@TempDir Path folder) {
        Command run = Command.run("services", "--registry", "file:" + folder.resolve("none.yaml"));

        assertThat(run.exit()).isEqualTo(Main.FAILED);
        assertThat(run.err()).contains("there is no file " + folder.resolve("none.yaml"));
    }

    @Test
    void only_terminals_get_colours() {
        assertThat(Command.run("config", "show").out()).doesNotContain("\u001b");
        assertThat(Style.FAULT.paint(CommandLine.Help.Ansi.OFF, "x")).isEqualTo("x");
        assertThat(Style.FAULT.paint(CommandLine.Help.Ansi.ON, "x")).isEqualTo("\u001b[1;31mx\u001b[0m");
    }

    @Test
    void output_that_does_not_end_with_a_newline_is_flushed(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(
                directory.resolve("a.contract"), "contract acme.Greetings 1.0.0\n\ngreet(name: string)");
        var printed = new StringWriter();
        var out = new PrintWriter(new BufferedWriter(printed));
        assertThat(Main.run(out, out, "contract", "show", file.toString())).isEqualTo(Main.OK);
        assertThat(printed.toString()).contains("greet(name: string)");
    }

    @Test
    void contract_text_is_exported_as_json(@TempDir Path directory) throws IOException {
        String text = "contract acme.Greetings 1.0.0\n\ngreet(name: string)\n";
        Path file = Files.writeString(directory.resolve("a.contract"), text);

        List<String> arguments = List.of("contract", "export", file.toString(), "--format", "text", "--json");
        Command run = Command.run(arguments.toArray(String[]::new));

        assertThat(run.json()).asInstanceOf(MAP).containsEntry("text", text);
    }
}
