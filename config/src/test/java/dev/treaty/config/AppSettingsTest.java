package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.treaty.core.contract.DefaultValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppSettingsTest {
    enum Currency {
        EUR,
        SWISS_FRANC
    }

    record Card(String brand, @DefaultValue("2%") double fee) {}

    record Payments(
            @DefaultValue("EUR") Currency currency,
            @DefaultValue("3") int retryMax,
            @DefaultValue("9000000000") long ceiling,
            @DefaultValue("250ms") Duration pause,
            Optional<String> password,
            List<String> countries,
            List<Card> cards,
            Map<String, Integer> limits) {
        Payments {
            if (retryMax < 0) {
                throw new IllegalArgumentException("retry-max is " + retryMax + ": use 0 or more");
            }
            if (pause.isNegative()) {
                throw new ArithmeticException("no negative pauses");
            }
        }
    }

    record Cache(int entries, String store) {
        public static final Cache DEFAULT = new Cache(100, "memory");
    }

    record App(Payments payments, Cache cache) {}

    record Required(String name) {}

    record Odd(Thread thread) {}

    private static Settings.Effective read(String yaml, Map<String, String> environment) {
        return Settings.effective("treaty.yaml", yaml, environment);
    }

    private static AppSettings app(String yaml) {
        return read(yaml, Map.of()).app();
    }

    private static List<String> problems(AppSettings app, String path, Class<? extends Record> type) {
        return catchThrowableOfType(ConfigurationException.class, () -> app.bind(path, type)).problems().stream()
                .map(Problem::toString)
                .toList();
    }

    private static final String YAML = """
        app:
          payments:
            currency: swiss-franc
            cards: [{brand: visa}, {brand: amex, fee: 3%}]
            countries: [de, at]
            limits: {day: 100}
          cache:
        """;

    @Test
    void records_of_the_application_are_read_with_their_defaults() {
        var payments = new Payments(
                Currency.SWISS_FRANC,
                3,
                9_000_000_000L,
                Duration.ofMillis(250),
                Optional.empty(),
                List.of("de", "at"),
                List.of(new Card("visa", 0.02), new Card("amex", 0.03)),
                Map.of("day", 100));
        assertThat(app(YAML).bind("payments", Payments.class)).isEqualTo(payments);
        assertThat(app(YAML).bind("", App.class)).isEqualTo(new App(payments, Cache.DEFAULT));
        assertThat(app("").bind("payments", Payments.class).retryMax()).isEqualTo(3);
    }

    @Test
    void values_that_no_record_reads_are_text() {
        AppSettings app = app(YAML);
        assertThat(app.get("payments.currency")).contains("swiss-franc");
        assertThat(app.get("payments.countries")).contains("de, at");
        assertThat(app.get("payments.limits")).isEmpty();
        assertThat(app.getAll("payments.cards"))
                .isEqualTo(Map.of(
                        "payments.cards[0].brand", "visa",
                        "payments.cards[1].brand", "amex",
                        "payments.cards[1].fee", "3%"));
        assertThat(app.getAll("")).hasSize(6).containsKey("payments.limits.day");
        assertThat(app.getAll("pay")).isEmpty();
        assertThat(read(YAML, Map.of()).values())
                .extracting(Setting::toString)
                .contains("app.payments.currency = swiss-franc  # treaty.yaml:3");
    }

    @Test
    void problems_have_their_place_and_come_together() {
        AppSettings app = app("""
            app:
              payments:
                retry-max: -1
                currencie: EUR
                limits: {day: many}
              other:
                retry-max: -1
              third:
                pause: -1s
              required: {}
            """);
        assertThat(problems(app, "payments", Payments.class))
                .satisfiesExactly(
                        p -> assertThat(p)
                                .startsWith("treaty.yaml:4:5: app.payments.currencie: no setting has this key; did you"
                                        + " mean currency?"),
                        p -> assertThat(p)
                                .isEqualTo("treaty.yaml:5:19: app.payments.limits.day: \"many\" is not a whole number;"
                                        + " write for example 3"));
        assertThat(problems(app, "other", Payments.class))
                .containsExactly("treaty.yaml:7:16: app.other.retry-max: retry-max is -1: use 0 or more");
        assertThat(problems(app, "required", Required.class))
                .containsExactly("treaty.yaml:10:13: app.required.name: is missing and has no default; set it here");
        assertThat(problems(app, "nowhere", Required.class))
                .containsExactly("treaty.yaml:2:3: app.nowhere.name: is missing and has no default; set it here");
        assertThat(problems(app("app: {payments: {pause: PT-1S}}"), "payments", Payments.class))
                .containsExactly("treaty.yaml:1:17: app.payments: java.lang.ArithmeticException: no negative pauses");
        assertThat(problems(app("app: {payments: [1]}"), "payments", Payments.class))
                .containsExactly("treaty.yaml:1:17: app.payments: expected a group of keys, found a list");
    }

    @Test
    void the_other_layers_set_values_of_the_application() {
        var sources = new ConfigurationSources(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of("TREATY_APP_PAYMENTS_RETRY_MAX", "7", "TREATY_APP_PAYMENTS_COUNTRIES", "de,fr"),
                Map.of("app.payments.limits.day", "9"));
        var central = new CentralSetting("app.payments.ceiling", "5", "alice", "", Instant.EPOCH, Optional.empty(), 3);
        var effective = sources.read(List.of(central));
        Payments payments = effective.app().bind("payments", Payments.class);
        assertThat(payments.retryMax()).isEqualTo(7);
        assertThat(payments.countries()).containsExactly("de", "fr");
        assertThat(payments.limits()).isEqualTo(Map.of("day", 9));
        assertThat(payments.ceiling()).isEqualTo(5);
        assertThat(effective.app().get("payments.retry-max")).contains("7");
        assertThat(effective.values())
                .extracting(Setting::toString)
                .contains("app.payments.ceiling = 5  # central (revision 3, alice, 1970-01-01T00:00:00Z)");
    }

    @Test
    void variables_that_a_bound_record_does_not_have_are_unknown() {
        AppSettings app = read("", Map.of("TREATY_APP_PAYMENTS_RETRY_MAXX", "7", "TREATY_APP_CACHE_SIZE", "1"))
                .app();
        assertThat(problems(app, "payments", Payments.class))
                .containsExactly("TREATY_APP_PAYMENTS_RETRY_MAXX: no setting has this variable; did you mean"
                        + " TREATY_APP_PAYMENTS_RETRY_MAX?");
    }

    @Test
    void records_that_cannot_be_read_say_why() throws ClassNotFoundException {
        var closed = Class.forName("jdk.internal.constant.ModuleDescImpl").asSubclass(Record.class);
        assertThatThrownBy(() -> app("app: {os: {name: a}}").bind("os", closed))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "the record jdk.internal.constant.ModuleDescImpl is not accessible: make it public and export"
                                + " its package, or write \"opens jdk.internal.constant to dev.treaty.config\" in the"
                                + " declaration of java.base");
        assertThatThrownBy(() -> app("").bind("odd", Odd.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("thread has a type that settings cannot have: java.lang.Thread");
    }

    @Test
    void secrets_are_read_from_files_and_variables_and_never_shown(@TempDir Path folder) throws IOException {
        Path secret = folder.resolve("db");
        Files.writeString(secret, "hunter2hunter2\n");
        String yaml = """
            server: {metadata: {db-password: "file:%1$s", note: "file:%1$s"}}
            app:
              database: {password: "file:%1$s", url: env:DB_URL, literal: "$file:/x", price: "$5"}
              list: [env:DB_URL, plain]
            """.formatted(secret);
        var effective = read(yaml, Map.of("DB_URL", "jdbc:hunter3hunter3", "TREATY_APP_OTHER", "env:DB_URL"));
        assertThat(effective.app().get("database.password")).contains("hunter2hunter2");
        assertThat(effective.app().get("database.url")).contains("jdbc:hunter3hunter3");
        assertThat(effective.app().get("database.literal")).contains("file:/x");
        assertThat(effective.app().get("database.price")).contains("$5");
        assertThat(effective.app().get("list")).contains("jdbc:hunter3hunter3, plain");
        assertThat(effective.app().get("other")).contains("jdbc:hunter3hunter3");
        assertThat(effective.settings().server().metadata())
                .containsEntry("db-password", "hunter2hunter2")
                .containsEntry("note", "file:" + secret);
        assertThat(effective.values().toString() + effective.app()).doesNotContain("hunter");
        assertThat(effective.values())
                .extracting(Setting::toString)
                .contains(
                        "app.database.password = ***  # treaty.yaml:3",
                        "app.database.url = env:DB_URL  # treaty.yaml:3",
                        "app.list = env:DB_URL, plain  # treaty.yaml:4");

        record Database(String password, String url, String literal, int price) {}
        assertThat(problems(effective.app(), "database", Database.class)).noneMatch(p -> p.contains("hunter"));

        record Picky(int password) {}
        AppSettings one =
                read("app: {x: {password: \"file:" + secret + "\"}}", Map.of()).app();
        Files.delete(secret); // what has been read stays
        assertThat(problems(one, "x", Picky.class))
                .containsExactly("treaty.yaml:1:21: app.x.password: \"file:" + secret
                        + "\" is not a whole number; write for example 3");
    }

    @Test
    void secrets_that_cannot_be_read_are_problems(@TempDir Path folder) throws IOException {
        Path large = folder.resolve("large");
        Files.writeString(large, "x".repeat(SecretReferences.FILE_BYTES_MAX + 1));
        for (Map.Entry<String, String> each : Map.of(
                        "file:" + folder + "/gone",
                        "there is no such file: create it, or correct the path",
                        "file:" + large,
                        "the file is larger than 65536 bytes: shorten it, or divide it",
                        "file:" + folder,
                        "this is a directory: name a file",
                        "file:secrets/db",
                        "file:secrets/db is not an absolute path: write for example file:/run/secrets/db",
                        "env:NONE",
                        "the environment has no NONE; set it")
                .entrySet()) {
            assertThatThrownBy(() -> app("app: {key: \"" + each.getKey() + "\"}"))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("treaty.yaml:1:12: app.key: ")
                    .hasMessageContaining(each.getKey().replaceFirst("env:", ""))
                    .hasMessageContaining(each.getValue());
        }
        assertThatThrownBy(() -> read("", Map.of("TREATY_APP_KEY", "env:NONE")))
                .hasMessage("TREATY_APP_KEY: the environment has no NONE; set it");
        Files.writeString(large, "x".repeat(SecretReferences.FILE_BYTES_MAX - 1) + "\n");
        assertThat(app("app: {key: \"file:" + large + "\"}").get("key").orElseThrow())
                .hasSize(SecretReferences.FILE_BYTES_MAX - 1);
    }
}
