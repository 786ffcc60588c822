package dev.treaty.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.treaty.cli.Main;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.codec.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The demo in real processes. */
class DemoTest {
    /** The registry, the database and nine instances of services. */
    private static final int PROCESSES = 11;

    private static final int EXIT_MINUTES_MAX = 5;

    /** A running demo in a process group of its own, as a shell starts it in a terminal. */
    private static final class Run implements AutoCloseable {
        private final Process process;
        private final BlockingQueue<String> progress = new LinkedBlockingQueue<>();
        private final List<ProcessHandle> children = new CopyOnWriteArrayList<>();
        private final StringBuilder all = new StringBuilder();

        Run(String... arguments) throws Exception {
            // A JVM leaves signals ignored that its parent ignores, as jobs in the background do.
            var command = new ArrayList<>(List.of("setsid", "env", "--default-signal=INT"));
            List<String> demo = new ArrayList<>(List.of("demo", "--json"));
            demo.addAll(List.of(arguments));
            command.addAll(ChildProcess.java(List.of(), ChildProcess.ownClassPath(), Main.class.getName(), demo));
            process = new ProcessBuilder(command).start();
            Thread.startVirtualThread(() -> process.errorReader().lines().forEach(line -> {
                process.descendants().filter(child -> !children.contains(child)).forEach(children::add);
                synchronized (all) {
                    all.append(line).append('\n');
                }
                progress.add(line);
            }));
        }

        String output() {
            synchronized (all) {
                return all.toString();
            }
        }

        void await(String text) throws InterruptedException {
            String line;
            do {
                line = progress.poll(EXIT_MINUTES_MAX, TimeUnit.MINUTES);
                assertThat(line).as("a line with \"%s\" in %s", text, output()).isNotNull();
            } while (!line.contains(text));
        }

        void signal(String name, String target) throws Exception {
            process.descendants().filter(child -> !children.contains(child)).forEach(children::add);
            var kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + target);
            assertThat(kill.inheritIO().start().waitFor()).isZero();
        }

        /** Sends the SIGINT that a terminal sends after Ctrl-C. */
        void interrupt() throws Exception {
            signal("INT", "-" + process.pid());
        }

        /** Asserts that the demo printed a line and exited with 130. */
        void interrupted(String line) throws Exception {
            await(line);
            assertThat(exit()).isEqualTo(130);
            assertThat(output().lines().filter(each -> each.contains("interrupted")))
                    .containsExactly(output().lines().toList().getLast());
            assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .isEmpty();
        }

        /** Waits for the end of the demo and of all processes it has started, and returns the exit code. */
        int exit() throws Exception {
            assertThat(process.waitFor(EXIT_MINUTES_MAX, TimeUnit.MINUTES))
                    .as("%s", output())
                    .isTrue();
            for (ProcessHandle child : children) {
                child.onExit().get(EXIT_MINUTES_MAX, TimeUnit.MINUTES);
            }
            return process.exitValue();
        }

        /** Waits for the end and returns the report. */
        Map<?, ?> report() throws Exception {
            String json = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            exit();
            assertThat(json).as("%s", output()).isNotBlank();
            return (Map<?, ?>) Json.read(json);
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    private static Number number(Map<?, ?> report, String name) {
        return (Number) report.get(name);
    }

    @Test
    void a_short_demo_reports_its_calls_and_faults_and_leaves_no_process() throws Exception {
        try (var run = new Run("--for", "5s", "--rate", "20")) {
            Map<?, ?> report = run.report();

            assertThat(number(report, "calls").intValue()).isEqualTo(100);
            assertThat(number(report, "callsPerSecond").intValue()).isEqualTo(20);
            assertThat(number(report, "processes").intValue()).isEqualTo(PROCESSES);
            int failed = number(report, "failed").intValue();
            assertThat(run.exit()).as("%s", run.output()).isEqualTo(failed == 0 ? Main.OK : Main.FAILED);
            assertThat((List<?>) report.get("failures")).hasSize(Math.min(failed, OpenLoop.FAILURES_MAX));
            // Neither the calm before the faults nor what only a demo with security shows.
            assertThat((List<?>) report.get("faults")).hasSize(InjectedFault.Plan.values().length - 2);
            assertThat(run.children).hasSizeGreaterThanOrEqualTo(PROCESSES);
        }
    }

    @Test
    void ctrl_c_under_load_ends_all_processes() throws Exception {
        try (var run = new Run("--for", "1h", "--rate", "5")) {
            run.await(" calls, "); // the load has begun
            run.interrupt();
            run.interrupted("interrupted after");
            assertThat(run.children).hasSizeGreaterThanOrEqualTo(PROCESSES);
        }
    }

    /** Calls may be late if the machine stalls, so one of three runs has to succeed, each longer than the last. */
    @Tag("long")
    @Test
    void no_call_fails_during_any_fault() throws Exception {
        succeed(3, 8);
    }

    private static void succeed(int runs, int seconds) throws Exception {
        try (var run = new Run("--for", seconds + "s", "--rate", "20")) {
            Map<?, ?> report = run.report();
            if (runs == 1 || catchThrowable(() -> assertSuccess(report, run.output())) == null) {
                assertSuccess(report, run.output());
                return;
            }
        }
        succeed(runs - 1, 2 * seconds);
    }

    private static void assertSuccess(Map<?, ?> report, String output) {
        assertThat(report.get("failures")).as("%s", output).isEqualTo(List.of());
        assertThat(report.get("problems")).as("%s", output).isEqualTo(List.of());
        assertThat(report.get("late")).as("%s", output).isEqualTo(0);
        assertThat(number(report, "fallbacks").longValue()).isPositive();
        assertThat((List<?>) report.get("faults"))
                .allSatisfy(
                        fault -> assertThat(((Map<?, ?>) fault).get("begun")).isEqualTo(true));
    }

    @Tag("long")
    @Test
    void ctrl_c_during_the_start_ends_all_processes() throws Exception {
        try (var run = new Run()) {
            run.await("starting");
            while (run.process.descendants().count() < PROCESSES) {
                Thread.onSpinWait();
            }
            run.interrupt();
            run.interrupted("interrupted before the load began");
        }
    }

    @Tag("long")
    @Test
    void ctrl_c_while_the_registry_restarts_ends_all_processes() throws Exception {
        try (var run = new Run("--for", "10s", "--rate", "20")) {
            run.await("restarts the registry");
            run.interrupt();
            run.interrupted("interrupted after");
        }
    }

    @Tag("long")
    @Test
    void sigterm_to_the_demo_ends_all_processes() throws Exception {
        try (var run = new Run("--for", "1h", "--rate", "5")) {
            run.await(" calls, ");
            run.signal("TERM", String.valueOf(run.process.pid()));
            run.interrupted("interrupted after");
        }
    }

    @Tag("long")
    @Test
    void all_processes_end_if_the_demo_is_killed() throws Exception {
        try (var run = new Run("--for", "1h", "--rate", "5")) {
            run.await("processes are ready");
            run.signal("KILL", String.valueOf(run.process.pid()));
            run.exit();
            assertThat(run.children).hasSizeGreaterThanOrEqualTo(PROCESSES);
        }
    }
}
