package dev.treaty.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.treaty.Treaty;
import dev.treaty.cli.Command;
import dev.treaty.cli.Main;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code treaty config} with files, and with processes that use a registry. */
class ConfigCommandTest {
    @Contract(name = "test.Prices", version = "1.0.0")
    public interface Prices {
        @Idempotent
        int price(String sku);
    }

    @TempDir
    private Path directory;

    private final Treaty registry = Treaty.open();
    private final List<Treaty> processes = new ArrayList<>();
    private String address = "";

    @BeforeEach
    void start() {
        registry.serveRegistry();
        address = "treaty://" + registry.endpoint().orElseThrow().authority();
    }

    @AfterEach
    void stop() {
        processes.forEach(Treaty::close);
        registry.close();
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    /** Starts a process that serves prices. */
    private Treaty process(String name, Map<String, String> environment) throws IOException {
        Path file = file(
                name + ".yaml",
                "name: " + name + "\nregistry: " + address + "\nserver: {drain: 0s}\n"
                        + "services: {test.Prices: {level: enhanced}}\n");
        Treaty process = Treaty.open(ConfigurationSources.of(file, environment));
        process.serve(Prices.class, String::length);
        processes.add(process);
        return process;
    }

    private Command config(String... arguments) {
        var all = new ArrayList<>(List.of("config"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--registry", address));
        return Command.answered(all.toArray(String[]::new));
    }

    @Test
    void settings_are_shown_with_their_origins_from_all_layers() throws IOException {
        Path file = file("treaty.yaml", "server: {drain: 7s}\ndefaults: {deadline: 3s}\n");
        file("treaty-prod.yaml", "defaults:\n  deadline: 4s\n");
        config("set", "defaults.attempt-timeout", "900ms");

        Command shown =
                config("show", file.toString(), "--profile", "prod", "--set", "name=shop", "--changed", "--origin");

        assertThat(shown.exit()).isEqualTo(Main.OK);
        assertThat(shown.out().lines())
                .anyMatch(line -> line.matches("server\\.drain +7s +.*treaty\\.yaml:1"))
                .anyMatch(line -> line.matches("defaults\\.deadline +4s +.*treaty-prod\\.yaml:2"))
                .anyMatch(line -> line.matches("defaults\\.attempt-timeout +900ms +central \\(revision 1, .*\\)"))
                .anyMatch(line -> line.matches("name +shop +--set"))
                .hasSize(5);
        assertThat(config("show", file.toString(), "--service", "test.Prices", "--json")
                        .json())
                .asInstanceOf(LIST)
                .contains(Map.of("key", "defaults.deadline", "value", "3s", "from", file + ":2"))
                .noneMatch(each -> String.valueOf(each).contains("server.drain"));
    }

    @Test
    void a_file_is_checked_with_its_profile() throws IOException {
        Path file = file("treaty.yaml", "defaults: {deadline: 3s}\n");
        file("treaty-bad.yaml", "defaults: {deadlin: 3s}\n");
        file("treaty-odd.yaml", "defaults: {deadline: 100ms}\n");

        assertThat(Command.run("config", "check", file.toString()).out()).contains("is valid; 1 value is set");
        Command bad = Command.run("config", "check", file.toString(), "--profile", "bad");
        assertThat(bad.exit()).isEqualTo(Main.USAGE);
        assertThat(bad.err()).contains("treaty-bad.yaml:1:12: defaults.deadlin", "did you mean deadline?");
        Command odd = Command.run("config", "check", file.toString(), "--profile", "odd", "--strict", "--json");
        assertThat(odd.exit()).isEqualTo(Main.FAILED);
        assertThat(odd.json()).asInstanceOf(MAP).containsEntry("valid", true);
        assertThat(odd.out()).contains("attempt-timeout");
    }

    @Test
    void differences_of_two_files_and_of_a_process_are_shown() throws IOException {
        Path file = file("treaty.yaml", "defaults: {deadline: 3s}\n");
        file("treaty-prod.yaml", "defaults: {deadline: 4s}\n");

        Command diff = Command.run("config", "diff", file.toString(), file + "@prod");
        assertThat(diff.out().lines())
                .anyMatch(line -> line.matches("defaults\\.deadline +3s +4s +.*treaty-prod\\.yaml:1"))
                .hasSize(2);
        assertThat(Command.run("config", "diff", file.toString(), file.toString())
                        .out())
                .contains("No setting differs.");

        Treaty process = process("shop", Map.of());
        String instance = process.registry()
                .instances(process.registry().services().stream()
                        .filter(name -> name.value().equals("test.Prices"))
                        .findFirst()
                        .orElseThrow())
                .getFirst()
                .id();
        assertThat(config("diff", file.toString(), "--instance", instance).out().lines())
                .anyMatch(line -> line.matches("defaults\\.deadline +5s +3s .*"));
        assertThat(config("show", "--instance", instance, "--origin", "--changed")
                        .out())
                .containsPattern("name +shop +.*shop\\.yaml:1");

        file("shop.yaml", "name: shop\nregistry: " + address + "\ndefaults: {deadlin: 1s}\n");
        Command refused = Command.until(
                command -> !command.err().isEmpty(), "config", "show", "--instance", instance, "--registry", address);
        assertThat(refused.err())
                .contains("the latest settings were refused, generation 1 stays", "did you mean deadline?");
        file("shop.yaml", "name: store\nregistry: " + address + "\n");
        Command renamed = Command.until(
                command -> command.err().contains("next start"),
                "config",
                "show",
                "--instance",
                instance,
                "--registry",
                address);
        assertThat(renamed.err())
                .contains("changed, and used after the next start: name")
                .doesNotContain("refused");
    }

    @Test
    void a_central_setting_applies_to_processes_and_those_that_override_it_are_listed() throws IOException {
        Treaty shop = process("shop", Map.of());
        process("storefront", Map.of("TREATY_SERVICES_TEST_PRICES_DEADLINE", "9s"));

        Command set =
                config("set", "services.test.Prices.deadline", "2s", "--reason", "slow database", "--expires", "1h");

        assertThat(set.exit()).isEqualTo(Main.OK);
        assertThat(set.out())
                .contains("services.test.Prices.deadline = 2s, revision 1, until ")
                .containsPattern("2s +central \\(revision 1, .*\\) +1 +shop at")
                .containsPattern("9s +TREATY_SERVICES_TEST_PRICES_DEADLINE +1 +storefront at")
                .containsPattern("storefront at .*: services.test.Prices.deadline stays 9s");
        assertThat(shop.configuration().get("services.test.Prices.deadline")).contains("2s");
        try (Treaty late = process("late", Map.of())) {
            assertThat(late.configuration().get("services.test.Prices.deadline"))
                    .as("a process that starts later")
                    .contains("2s");
        }
        assertThat(config("list").out()).contains("services.test.Prices.deadline", "slow database");

        assertThat(config("set", "services.test.Prices.deadline", "1s").out()).contains("revision 2");
        assertThat(config("history", "--json").json())
                .asInstanceOf(LIST)
                .hasSize(2)
                .first(MAP)
                .containsEntry("before", "2s")
                .containsEntry("after", "1s");
        assertThat(config("rollback", "1", "--reason", "again").out())
                .contains("services.test.Prices.deadline = 2s, revision 3");
        assertThat(config("rollback", "1").out()).contains("Nothing differs: revision 3 stays.");
        assertThat(config("unset", "services.test.Prices.deadline").out())
                .contains("services.test.Prices.deadline is removed, revision 4");
        assertThat(config("list").out()).contains("There are no central settings.");
        assertThat(shop.configuration().get("services.test.Prices.deadline")).isNotEqualTo("2s");
    }

    @Test
    void wrong_keys_and_values_are_refused_and_change_nothing() {
        assertThat(config("set", "services.test.Prices.dedline", "2s").err())
                .contains("did you mean services.test.Prices.deadline?");
        Command value = config("set", "services.test.Prices.deadline", "2x");
        assertThat(value.exit()).isEqualTo(Main.USAGE);
        assertThat(value.err()).contains("\"2x\" is not a duration");
        assertThat(config("set", "server.port", "80").err()).contains("each process has its own");
        assertThat(config("unset", "defaults.deadline").err()).contains("there is no central setting");
        assertThat(config("rollback", "5").err()).contains("there is no revision 5");
        assertThat(config("set", "defaults.deadline", "2s", "--expires", "0s").err())
                .contains("--expires must be greater than zero");
        assertThat(config("list", "--json").json()).isEqualTo(List.of());
        assertThat(config("history").out()).contains("No central setting has been changed.");
    }

    @Test
    void a_registry_that_keeps_no_settings_says_what_to_do_instead() throws IOException {
        Path instances = file("instances.yaml", "services: {}\n");
        Command set = Command.run("config", "set", "defaults.deadline", "2s", "--registry", "file://" + instances);
        assertThat(set.exit()).isEqualTo(Main.FAILED);
        assertThat(set.err()).contains("keeps no central settings", "edit treaty.yaml");
    }

    @Test
    void the_schema_is_printed() {
        assertThat(Command.run("config", "schema").json()).asInstanceOf(MAP).containsKey("$schema");
    }
}
