package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.event.Event;
import dev.treaty.core.time.ManualTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes of real files, as editors, deployments and Kubernetes make them. */
class ConfigurationWatchTest {
    private static final String INVALID = "invalid";

    @TempDir
    private Path directory;

    private final BlockingQueue<String> noticed = new LinkedBlockingQueue<>();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private Path file;
    private ConfigurationSources sources;
    private ConfigurationWatch watch;

    @BeforeEach
    void write() throws IOException {
        file = directory.resolve("treaty.yaml");
        Files.writeString(file, name("one"));
        sources = ConfigurationSources.of(file, Map.of());
    }

    @AfterEach
    void close() {
        if (watch != null) {
            watch.close();
        }
    }

    private static String name(String name) {
        return "name: " + name + "\n";
    }

    private void watch() {
        watch = ConfigurationWatch.start(sources, () -> noticed.add(read()), events::add);
    }

    private String read() {
        try {
            return sources.read(List.of()).settings().name();
        } catch (ConfigurationException _) {
            return INVALID;
        }
    }

    /** Waits until a change is noticed after which the name is this one. */
    private void awaitName(String name) throws InterruptedException {
        String latest = "";
        while (!latest.equals(name)) {
            latest = noticed.poll(20, TimeUnit.SECONDS);
            assertThat(latest).as("noticed before " + name).isNotNull();
        }
    }

    private static void replace(Path path, String text) throws IOException {
        Path next = Files.writeString(path.resolveSibling(".next"), text);
        Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static void link(Path link, String target) throws IOException {
        Path next = Files.createSymbolicLink(link.resolveSibling("..next"), Path.of(target));
        Files.move(next, link, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void a_file_is_written_in_place() throws Exception {
        watch();
        Files.writeString(file, name("two"));
        awaitName("two");
        Files.writeString(file, name("three"));
        awaitName("three");
    }

    @Test
    void a_file_is_replaced_by_a_move() throws Exception {
        watch();
        replace(file, name("two"));
        awaitName("two");
        replace(file, name("three"));
        awaitName("three");
    }

    @Test
    void an_editor_moves_the_file_away_and_writes_another() throws Exception {
        watch();
        Path backup = directory.resolve("treaty.yaml~");
        Files.move(file, backup);
        Files.writeString(file, name("two"));
        Files.delete(backup);
        awaitName("two");
    }

    @Test
    void a_file_that_is_deleted_is_noticed_and_so_is_its_return() throws Exception {
        watch();
        Files.delete(file);
        awaitName(INVALID);
        Files.writeString(file, name("two"));
        awaitName("two");
    }

    @Test
    void a_change_that_changes_no_text_does_not_count() throws Exception {
        watch();
        replace(file, name("one"));
        Files.writeString(directory.resolve("other.yaml"), name("other"));
        replace(file, name("two"));
        awaitName("two");
        replace(file, name("two"));
        replace(file, name("three"));
        assertThat(noticed.poll(20, TimeUnit.SECONDS)).isEqualTo("three");
    }

    @Test
    void the_file_of_a_profile_appears_and_goes() throws Exception {
        sources = sources.withProfile("prod");
        watch();
        Path profile = directory.resolve("treaty-prod.yaml");
        Files.writeString(profile, name("prod"));
        awaitName("prod");
        Files.delete(profile);
        awaitName(INVALID);
    }

    @Test
    void a_directory_is_made_later_and_its_files_come_and_go() throws Exception {
        watch();
        Path more = Files.createDirectory(directory.resolve("conf.d"));
        Files.writeString(more.resolve("10-name.yaml"), name("ten"));
        awaitName("ten");
        Files.writeString(more.resolve("20-name.yml"), name("twenty"));
        awaitName("twenty");
        Files.writeString(more.resolve("15-name.yaml"), name("fifteen"));
        Files.delete(more.resolve("20-name.yml"));
        awaitName("fifteen");
        Files.delete(more.resolve("10-name.yaml"));
        Files.delete(more.resolve("15-name.yaml"));
        awaitName("one");
    }

    @Test
    void a_directory_is_deleted_and_made_again() throws Exception {
        Path below = Files.createDirectories(directory.resolve("a/b"));
        file = below.resolve("treaty.yaml");
        Files.writeString(file, name("one"));
        sources = ConfigurationSources.of(file, Map.of());
        watch();
        for (String name : List.of("two", "three")) {
            Files.delete(file);
            Files.delete(below);
            Files.delete(below.getParent());
            awaitName(INVALID);
            Files.createDirectories(below);
            Files.writeString(file, name(name));
            awaitName(name);
        }
    }

    /** As Kubernetes mounts a ConfigMap: files link into {@code ..data}, a link to a directory that is replaced. */
    @Test
    void a_mounted_config_map_is_applied_once_with_each_swap() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("mount"));
        version(mount, "..1", "m1", "10.yaml", "20.yaml");
        Files.createSymbolicLink(mount.resolve("..data"), Path.of("..1"));
        for (String each : List.of("10.yaml", "20.yaml")) {
            Files.createSymbolicLink(mount.resolve(each), Path.of("..data", each));
        }
        sources = new ConfigurationSources(
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(mount), Map.of(), Map.of());
        assertThat(read()).isEqualTo("m1");
        watch();
        for (int i = 2; i <= 5; i++) {
            version(mount, ".." + i, "m" + i, "10.yaml", "20.yaml");
            link(mount.resolve("..data"), ".." + i);
            delete(mount.resolve(".." + (i - 1)));
            assertThat(noticed.poll(20, TimeUnit.SECONDS)).isEqualTo("m" + i);
        }
        assertThat(noticed).isEmpty();
    }

    private static void version(Path mount, String version, String name, String... files) throws IOException {
        Path data = Files.createDirectory(mount.resolve(version));
        for (String each : files) {
            Files.writeString(data.resolve(each), name(name));
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path each : files.toList()) {
                Files.delete(each);
            }
        }
        Files.delete(folder);
    }

    /** As the mount of a single file by {@code subPath} of a link that a deployment replaces. */
    @Test
    void the_file_is_a_link_whose_directory_is_replaced() throws Exception {
        for (String each : List.of("one", "two", "three")) {
            Path release = Files.createDirectories(directory.resolve("releases").resolve(each));
            Files.writeString(release.resolve("treaty.yaml"), name(each));
        }
        Path current = Files.createSymbolicLink(directory.resolve("current"), Path.of("releases/one"));
        sources = ConfigurationSources.of(current.resolve("treaty.yaml"), Map.of());
        assertThat(Files.readAttributes(current, BasicFileAttributes.class).isDirectory())
                .isTrue();
        watch();
        for (String each : List.of("two", "three")) {
            link(current, "releases/" + each);
            awaitName(each);
        }
        Files.writeString(directory.resolve("releases/three/treaty.yaml"), name("four"));
        awaitName("four");
    }

    @Test
    void files_are_compared_where_the_platform_reports_nothing() throws Exception {
        var time = new ManualTime();
        watch = ConfigurationWatch.start(sources, () -> noticed.add(read()), events::add, time, () -> {
            throw new IOException("no more watches");
        });
        assertThat(events.poll(20, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        Event.ThreadFailed.class,
                        failed -> assertThat(failed.cause())
                                .hasMessageContaining("no more watches")
                                .hasMessageContaining("compared every 5 s"));
        replace(file, name("two"));
        while (time.sleepers() == 0) {
            Thread.onSpinWait();
        }
        time.advance(Duration.ofSeconds(5));
        awaitName("two");
    }

    @Test
    void a_listener_that_fails_is_reported_and_later_changes_are_noticed() throws Exception {
        watch = ConfigurationWatch.start(
                sources,
                () -> {
                    String name = read();
                    if (name.equals("two")) {
                        throw new IllegalStateException("a listener fails");
                    }
                    noticed.add(name);
                },
                events::add);
        replace(file, name("two"));
        assertThat(events.poll(20, TimeUnit.SECONDS)).asString().contains("a listener fails");
        replace(file, name("three"));
        awaitName("three");
    }

    @Test
    void nothing_is_noticed_after_the_close() throws Exception {
        watch();
        watch.close();
        replace(file, name("two"));
        try (var _ = ConfigurationWatch.start(sources, () -> noticed.add("other " + read()), events::add)) {
            replace(file, name("three"));
            assertThat(noticed.poll(20, TimeUnit.SECONDS)).isEqualTo("other three");
        }
    }
}
