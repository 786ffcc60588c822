package dev.treaty;

import static dev.treaty.Patient.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.ConfigurationException;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.text.Secrets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files with every kind of fault, and storms of changes, while calls run. */
class ConfigurationFaultsTest {
    private static final long SEED = 14;

    /** What keeps the calls of these tests independent of the files that are changed. */
    private static final Map<String, String> FIXED = Map.of(
            "services.test.Prices.deadline", "30s",
            "server.drain", "0s");

    @Contract(name = "test.Prices", version = "1.0.0")
    interface Prices {
        @Idempotent
        String price(String item);
    }

    @TempDir
    private Path directory;

    private static ParallelCalls calls(Prices prices) {
        return new ParallelCalls(() -> {
            assertThat(prices.price("tea")).isEqualTo("tea");
            LockSupport.parkNanos(500_000);
        });
    }

    private static String valid(int round) {
        return """
            # The settings of a shop.
            name: shop
            region: eu
            defaults:
              deadline: %1$ds
              retry: {attempts: 3}
            services:
              test.Other:
                deadline: %1$ds
                level: full
                retry: {attempts: 4}
                breaker: {forced: closed}
                fallback: {value: '{"result":"none"}'}
                balance: {policy: round-robin}
                requires: {versions: '^1.0'}
                operations:
                  price: {deadline: 700ms}
            server:
              weight: 50
              metadata: {track: stable, note: "two words"}
            app:
              round: %1$d
              payments:
                currency: EUR
                retry-max: 2
                countries: [de, fr]
            """.formatted(round);
    }

    /** Changes the file, so that it has one of all kinds of faults, or none. */
    private static void mutate(Path file, String text, Random random) throws IOException {
        int at = random.nextInt(text.length());
        switch (random.nextInt(17)) {
            case 0, 1, 2 -> write(file, bytes(text), random);
            case 3 ->
                write(file, bytes(text.substring(0, at) + text.substring(Math.min(text.length(), at + 3))), random);
            case 4 -> {
                String odd = ":{}[]&*!\"'\t\n#%@,|>-\u0000\u0007\u00e4";
                char inserted = odd.charAt(random.nextInt(odd.length()));
                write(file, bytes(text.substring(0, at) + inserted + text.substring(at)), random);
            }
            case 5 ->
                write(file, bytes(line(text, random, line -> line.replaceFirst(": .*", ": [a, {b: c}]"))), random);
            case 6 -> write(file, bytes(line(text, random, line -> line.replaceAll("\\d+", "-1"))), random);
            case 7 ->
                write(file, bytes(line(text, random, line -> line.replaceAll("\\d+", "99999999999999999999"))), random);
            case 8 -> write(file, bytes(text + "#".repeat(Settings.FILE_BYTES_MAX)), random);
            case 9 -> write(file, bytes(text + "deep: " + "[".repeat(20_000)), random);
            case 10 -> write(file, bytes(text + "cycle: &a {again: *a}\n"), random);
            case 11 -> write(file, bytes(text + "many: [&a [x, x], " + "*a, ".repeat(10_000) + "*a]\n"), random);
            case 12 -> write(file, text.getBytes(StandardCharsets.UTF_16), random);
            case 13 -> write(file, (text + "# caf\u00e9\n").getBytes(StandardCharsets.ISO_8859_1), random);
            case 14 -> write(file, bytes(text.substring(0, at)), random);
            case 15 -> Files.deleteIfExists(file);
            default -> {
                if (random.nextBoolean()) {
                    Files.deleteIfExists(file);
                    Files.createDirectory(file);
                } else {
                    write(file, bytes(text), random);
                    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("-w-------"));
                }
            }
        }
    }

    private interface Edit {
        String apply(String line);
    }

    private static String line(String text, Random random, Edit edit) {
        String[] lines = text.split("\n", -1);
        int changed = random.nextInt(lines.length);
        lines[changed] = edit.apply(lines[changed]);
        return String.join("\n", lines);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Writes in place if possible, or replaces the file. */
    private static void write(Path file, byte[] content, Random random) throws IOException {
        if (random.nextBoolean() && Files.isRegularFile(file) && Files.isWritable(file)) {
            Files.write(file, content);
            return;
        }
        if (Files.isDirectory(file)) {
            Files.delete(file);
        }
        Path next = Files.write(file.resolveSibling(".next"), content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private void changeFiles(int count) throws Exception {
        Path file = Files.writeString(directory.resolve("treaty.yaml"), valid(1));
        ConfigurationSources sources = ConfigurationSources.of(file, Map.of()).withCommandLine(FIXED);
        var random = new Random(SEED);
        int refused = 0;
        try (Treaty treaty = Treaty.open(sources)) {
            treaty.serve(Prices.class, item -> item);
            Configuration configuration = treaty.configuration();
            var load = calls(treaty.client(Prices.class));
            try (load) {
                for (int round = 2; round <= count + 1; round++) {
                    mutate(file, valid(round), random);
                    String name = "change " + round + " of seed " + SEED;
                    Settings before = treaty.settings();
                    Optional<String> problem = awaitApplied(name, treaty, sources);
                    if (problem.isPresent()) {
                        refused++;
                        assertThat(problem.get()).as(name).contains("treaty.yaml");
                        assertThat(treaty.settings()).as(name).isEqualTo(before);
                    }
                    assertThat(load.failures).as(name).isEmpty();
                }
                assertThat(refused).isBetween(count / 3, count * 9 / 10);
                write(file, bytes(valid(1)), random);
                until("the last", () -> configuration.get("app.round").equals(Optional.of("1")));
                assertThat(configuration.refused()).isEmpty();
                int calls = load.calls.get();
                until("more calls", () -> load.calls.get() > calls + 20);
            }
            assertThat(load.failures).isEmpty();
        }
    }

    /** Waits until the file is in force as a whole, or refused; returns why it was. */
    private static Optional<String> awaitApplied(String name, Treaty treaty, ConfigurationSources sources) {
        Configuration configuration = treaty.configuration();
        try {
            Settings.Effective expected = sources.read(List.of());
            until(
                    name + " is applied",
                    () -> configuration.refused().isEmpty()
                            && treaty.settings()
                                    .defaults()
                                    .equals(expected.settings().defaults())
                            && treaty.settings()
                                    .services()
                                    .equals(expected.settings().services())
                            && treaty.settings()
                                    .balance()
                                    .equals(expected.settings().balance())
                            && treaty.settings()
                                    .server()
                                    .metadata()
                                    .equals(expected.settings().server().metadata())
                            && app(configuration).equals(expected.app().getAll("")));
            return Optional.empty();
        } catch (ConfigurationException e) {
            Optional<String> why = Optional.of(Secrets.mask(e.getMessage()));
            until(
                    name + " is refused: " + why.get(),
                    () -> configuration.refused().equals(why));
            return why;
        }
    }

    private static Map<String, String> app(Configuration configuration) {
        var relative = new TreeMap<String, String>();
        configuration.getAll("app").forEach((key, value) -> relative.put(key.replaceFirst("^app\\.", ""), value));
        return relative;
    }

    @Test
    void files_with_faults_are_refused_and_valid_ones_are_applied_while_calls_run() throws Exception {
        changeFiles(60);
    }

    @Test
    @Tag("long") // each change takes as long as a burst of changes
    void a_thousand_files_with_faults_fail_no_call() throws Exception {
        changeFiles(1_000);
    }

    /** Changes a file and a central setting in turn, 100 times a second. */
    private void storm(Duration length) throws Exception {
        try (Treaty center = Treaty.open(Settings.parse("test", "server: {drain: 0s}\n", Map.of()))) {
            center.serveRegistry();
            String registry =
                    "registry: treaty://" + center.endpoint().orElseThrow().authority() + "\n";
            Path file = Files.writeString(directory.resolve("treaty.yaml"), registry + valid(1));
            var sources = ConfigurationSources.of(file, Map.of()).withCommandLine(FIXED);
            var random = new Random(SEED);
            try (Treaty treaty = Treaty.open(sources)) {
                treaty.serve(Prices.class, item -> item);
                Configuration configuration = treaty.configuration();
                var load = calls(treaty.client(Prices.class));
                int last = (int) (length.toMillis() / 10);
                try (load) {
                    long start = System.nanoTime();
                    for (int i = 2; i <= last; i += 2) {
                        long due = start + TimeUnit.MILLISECONDS.toNanos(10L * i);
                        until("the time of change " + i, () -> System.nanoTime() - due >= 0);
                        write(file, bytes(registry + valid(i)), random);
                        center.configuration().set("app.tick", String.valueOf(i));
                    }
                    until("the last file", () -> configuration.get("app.round").equals(Optional.of("" + last)));
                    until(
                            "the last central setting",
                            () -> configuration.get("app.tick").equals(Optional.of("" + last)));
                    assertThat(treaty.settings().defaults().deadline()).isEqualTo(Duration.ofSeconds(last));
                    until("nothing refused", () -> configuration.refused().isEmpty());
                }
                assertThat(load.calls.get()).isGreaterThan(20);
                assertThat(load.failures).isEmpty();
            }
        }
    }

    @Test
    void a_storm_of_changes_of_files_and_central_settings_settles_on_the_last() throws Exception {
        storm(Duration.ofSeconds(1));
    }

    @Test
    @Tag("long") // ten seconds
    void a_long_storm_of_changes_settles_on_the_last() throws Exception {
        storm(Duration.ofSeconds(10));
    }
}
