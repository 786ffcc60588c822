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
import org.junit.jupiter.api.Test;

/** The demo itself, in real processes. */
class DemoTest {
    private static List<String> demo(String... arguments) {
        var all = new ArrayList<>(List.of("demo"));
        all.addAll(List.of(arguments));
        return ChildProcess.java(List.of(), ChildProcess.ownClassPath(), Main.class.getName(), all);
    }

    /** What a demo printed, and how it ended. */
    private record Run(int exit, String out, String err, int children) {
        /** Runs a demo to its end; whatever comes of it, it leaves nothing behind. */
        static Run of(String... arguments) throws Exception {
            var process = new ProcessBuilder(demo(arguments)).start();
            List<ProcessHandle> children = new CopyOnWriteArrayList<>();
            var err = new StringBuilder();
            Thread reader = Thread.startVirtualThread(() -> process.errorReader()
                    .lines()
                    .forEach(line -> {
                        err.append(line).append('\n');
                        process.children()
                                .filter(child -> !children.contains(child))
                                .forEach(children::add);
                    }));
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            reader.join();
            int exit = process.waitFor();
            assertThat(children).as("%s", err).noneMatch(ProcessHandle::isAlive);
            return new Run(exit, out, err.toString(), children.size());
        }

        void keptEveryCall(int calls) {
            assertThat(out).as("%s", err).isNotBlank();
            Map<?, ?> report = (Map<?, ?>) Json.read(out);
            assertThat(report.get("failures")).as("%s", err).isEqualTo(List.of());
            assertThat(exit).as("%s", err).isEqualTo(Main.OK);
            assertThat(report.get("calls")).isEqualTo(calls);
            assertThat(report.get("failed")).isEqualTo(0);
            assertThat(report.get("late")).as("%s", err).isEqualTo(0);
            assertThat(List.of(
                            "p50Millis",
                            "p99Millis",
                            "maxMillis",
                            "attemptsPerCall",
                            "retries",
                            "fallbacks",
                            "ejections"))
                    .allSatisfy(name -> assertThat(report.get(name)).isInstanceOf(Number.class));
            List<String> faults = ((List<?>) report.get("faults"))
                    .stream()
                            .map(fault -> String.valueOf(((Map<?, ?>) fault).get("fault")))
                            .toList();
            assertThat(faults).as("%s", err).startsWith("kill", "registry", "freeze", "slow", "degrade", "level");
            assertThat(((Number) report.get("fallbacks")).longValue()).isPositive();
            assertThat(children).isGreaterThanOrEqualTo(12);
        }
    }

    @Test
    void aShortDemoKeepsEveryCallAndLeavesNothingBehind() throws Exception {
        oneOf(3, 6);
    }

    /**
     * One run has to be clean: where the machine stalls for longer than a customer waits, calls of one are late. The
     * next lasts twice as long, so that a slow machine has time to start one process before the next is hurt.
     */
    private static void oneOf(int runs, int seconds) throws Exception {
        Run run = Run.of("--for", seconds + "s", "--rate", "20", "--json");
        if (runs > 1 && catchThrowable(() -> run.keptEveryCall(20 * seconds)) != null) {
            oneOf(runs - 1, 2 * seconds);
        } else {
            run.keptEveryCall(20 * seconds);
        }
    }

    private static void await(BlockingQueue<String> lines, String wanted) throws InterruptedException {
        String line;
        do {
            line = lines.poll(10, TimeUnit.MINUTES);
            assertThat(line).as("a line with \"%s\"", wanted).isNotNull();
        } while (!line.contains(wanted));
    }

    @Test
    void itEndsCleanlyWhenItIsInterrupted() throws Exception {
        var lines = new LinkedBlockingQueue<String>();
        ChildProcess demo = ChildProcess.start(demo("--for", "1h"), Map.of(), lines::add);
        await(lines, "calls,"); // the load has begun
        List<ProcessHandle> children = demo.children();

        demo.terminate();

        await(lines, " calls in "); // it still reports
        demo.exit().get(2, TimeUnit.MINUTES);
        assertThat(children).hasSizeGreaterThanOrEqualTo(12);
        awaitEnd(children);
    }

    @Test
    void itsProcessesEndWithItHoweverItEnds() throws Exception {
        var lines = new LinkedBlockingQueue<String>();
        ChildProcess demo = ChildProcess.start(demo("--for", "1h", "--rate", "1"), Map.of(), lines::add);
        await(lines, "processes are ready");
        List<ProcessHandle> children = demo.children();
        assertThat(children).hasSizeGreaterThanOrEqualTo(12);

        demo.kill();

        awaitEnd(children);
    }

    private static void awaitEnd(List<ProcessHandle> children) throws Exception {
        for (ProcessHandle child : children) {
            child.onExit().get(2, TimeUnit.MINUTES);
        }
    }
}
