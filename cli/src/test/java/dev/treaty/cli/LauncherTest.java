package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.cli.up.ChildProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher, {@code ./treaty}, in a directory of its own with scripts in place of Maven and Java. */
class LauncherTest {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

    @TempDir
    private Path home;

    @ParameterizedTest
    @ValueSource(strings = {"", "--help", "-h", "help"})
    void help_needs_neither_a_build_nor_a_jdk(String argument) throws Exception {
        scratch();
        assertThat(treaty(argument)).isEqualTo(Files.readString(REPOSITORY.resolve("build/help.txt")));
    }

    @Test
    void the_version_needs_neither_a_build_nor_a_jdk() throws Exception {
        scratch();
        assertThat(treaty("--version")).isEqualTo(Command.run("--version").out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"test --help", "test -h", "test --all --help", "help test"})
    void the_usage_of_test_needs_neither_a_build_nor_a_jdk(String arguments) throws Exception {
        scratch();
        assertThat(treaty(arguments)).startsWith("Usage: ./treaty test [--all]");
    }

    @Test
    void it_builds_once_and_again_when_a_source_is_newer() throws Exception {
        scratch();
        programs("one");
        assertThat(treaty("services")).contains("building for the first time").contains("runs one");
        assertThat(treaty("services")).doesNotContain("building").contains("runs one");

        programs("two");
        change(Instant.now().plusSeconds(60));
        assertThat(treaty("services")).contains("building what has changed").contains("runs two");
    }

    @Test
    void what_runs_keeps_its_jars_while_others_build() throws Exception {
        scratch();
        programs("one");
        treaty("services");
        Path first = copies().getFirst();
        Process running = new ProcessBuilder("bash", "-c", "read -r line; true", first + "/jars").start();
        try {
            for (int i = 1; i <= 3; i++) {
                programs("build " + i);
                change(Instant.now().plusSeconds(60L * i));
                treaty("services");
            }
            assertThat(first.resolve("jars/treaty-cli.jar")).hasContent("one");
        } finally {
            running.getOutputStream().close();
        }
        running.waitFor();
        programs("last");
        change(Instant.now().plusSeconds(600));
        treaty("services");
        assertThat(first).doesNotExist();
        assertThat(copies()).hasSize(2);
    }

    @Test
    void a_build_that_fails_says_what_is_wrong_and_changes_nothing() throws Exception {
        scratch();
        programs("one");
        treaty("services");
        program("bin/mvn", "echo '[INFO] fine'; echo '[ERROR] /src/X.java:[1,1] no such class'; exit 1");
        change(Instant.now().plusSeconds(60));
        assertThat(treaty("services")).contains("/src/X.java:[1,1] no such class", "could not build");
        assertThat(copies()).hasSize(1);
    }

    @Test
    void a_run_of_all_tests_names_the_tools_that_are_missing() throws Exception {
        scratch();
        program("bin/mvn", "true");
        Files.writeString(home.resolve("build/debian-packages.txt"), "bash  bash\n");
        Files.writeString(
                home.resolve("build/long-test-tools.txt"), "# names\nbash  by hand\nno-such-tool  go install x\n");
        String named = "skipped: the tests with no-such-tool, which is missing: go install x";
        assertThat(treaty("test --all")).contains(named).doesNotContain("by hand");
        assertThat(treaty("test")).contains("build: succeeded").doesNotContain(named);
    }

    @Test
    void the_training_run_for_the_cache_succeeds() throws Exception {
        var lines = new LinkedBlockingQueue<String>();
        List<String> command =
                ChildProcess.java(List.of(), ChildProcess.ownClassPath(), Training.class.getName(), List.of());
        try (ChildProcess training = ChildProcess.start(command, Map.of(), lines::add)) {
            assertThat(training.exit().get(2, TimeUnit.MINUTES)).as("%s", lines).isEqualTo(Main.OK);
        }
    }

    /** A repository with the launcher, its texts, and a source. */
    private void scratch() throws IOException {
        for (String file : List.of("treaty", "pom.xml", "build/help.txt", "build/test-help.txt")) {
            Path copy = home.resolve(file);
            Files.createDirectories(copy.getParent());
            Files.copy(
                    REPOSITORY.resolve(file),
                    copy,
                    StandardCopyOption.REPLACE_EXISTING,
                    StandardCopyOption.COPY_ATTRIBUTES);
        }
        Files.createDirectories(home.resolve("cli/src/main"));
    }

    /** A Maven that builds jars with this text, and a JDK whose {@code java} prints the content of the first jar. */
    private void programs(String text) throws IOException {
        program("bin/mvn", """
            for module in $(sed -n "s/^RUN='\\(.*\\)'/\\1/p" treaty); do
              mkdir -p $module/target/quick
              printf '%s' 'TEXT' >$module/target/quick/treaty-${module##*/}.jar
              : >$module/target/quick/runtime.classpath
            done\
            """.replace("TEXT", text));
        program("jdk/bin/java", """
            while [ "$1" != -cp ]; do shift; done
            echo "runs $(cat "${2%%:*}")"
            """);
        program("jdk/bin/javac", "");
        Files.writeString(home.resolve("jdk/release"), "JAVA_VERSION=\"25\"\n");
    }

    private void program(String name, String script) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/usr/bin/env bash\ncd '" + home + "'\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Makes a source newer than what was built. */
    private void change(Instant time) throws IOException {
        Files.setLastModifiedTime(home.resolve("cli/src/main"), FileTime.from(time));
    }

    private List<Path> copies() throws IOException {
        try (var entries = Files.list(home.resolve(".treaty/run"))) {
            return entries.filter(Files::isDirectory).sorted().toList();
        }
    }

    /** Runs the launcher, and returns all that it prints. */
    private String treaty(String arguments) throws Exception {
        var command = new ArrayList<>(List.of("bash", home.resolve("treaty").toString()));
        if (!arguments.isEmpty()) {
            command.addAll(List.of(arguments.split(" ")));
        }
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PATH", home.resolve("bin") + ":/usr/bin:/bin");
        builder.environment().put("JAVA_HOME", home.resolve("jdk").toString());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
