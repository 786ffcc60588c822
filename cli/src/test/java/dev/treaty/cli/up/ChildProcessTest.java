package dev.treaty.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ChildProcessTest {
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private ChildProcess start(String script) throws IOException {
        return ChildProcess.start(List.of("sh", "-c", script), Map.of("GREETING", "hello"), lines::add);
    }

    private String line() throws InterruptedException {
        return String.valueOf(lines.poll(60, TimeUnit.SECONDS));
    }

    @Test
    void output_and_exit_code_are_reported() throws Exception {
        ChildProcess child = start("echo $GREETING; echo error >&2; exit 3");

        assertThat(child.exit().get(60, TimeUnit.SECONDS)).isEqualTo(3);
        assertThat(child.lastLines()).containsExactlyInAnyOrder("hello", "error");
    }

    @Test
    void only_the_last_lines_are_kept() throws Exception {
        ChildProcess child = start("for i in $(seq 100); do echo $i; done");

        child.exit().get(60, TimeUnit.SECONDS);
        assertThat(child.lastLines()).hasSize(ChildProcess.LINES_MAX).endsWith("99", "100");
    }

    @Test
    void the_input_stays_open_while_the_parent_lives() throws Exception {
        try (ChildProcess _ = start("bash -c 'read -t 0 && echo ended; echo checked'")) {
            assertThat(line()).isEqualTo("checked"); // bash finds input that has ended readable
        }
    }

    @Test
    void a_frozen_child_does_nothing_until_it_is_resumed() throws Exception {
        try (ChildProcess child = start("while true; do echo tick; sleep 0.01; done")) {
            assertThat(line()).isEqualTo("tick");
            child.freeze();
            awaitState(child, "T"); // stopped
            child.resume();
            awaitState(child, "RSD");
            lines.clear();
            assertThat(line()).isEqualTo("tick");
        }
    }

    /** Waits until the state of a process in {@code /proc/PID/stat} is one of these letters. */
    private static void awaitState(ChildProcess child, String states) throws IOException {
        Path stat = Path.of("/proc", Long.toString(child.pid()), "stat");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        for (char now = 0; states.indexOf(now) < 0; ) {
            assertThat(System.nanoTime() - end).as("state %s", now).isNegative();
            String text = Files.readString(stat);
            now = text.charAt(text.lastIndexOf(')') + 2);
        }
    }

    @Test
    void a_frozen_child_can_be_killed() throws Exception {
        ChildProcess child = start("while true; do sleep 0.01; done");
        child.freeze();

        child.kill();

        assertThat(child.alive()).isFalse();
    }

    @Test
    void children_that_ignore_sigterm_are_killed() throws Exception {
        ChildProcess obedient = start("echo ready; while true; do sleep 0.01; done");
        ChildProcess stubborn = start("trap '' TERM; echo ready; while true; do sleep 0.01; done");
        line();
        line();

        ChildProcess.closeAll(List.of(obedient, stubborn), Duration.ofMillis(300));

        assertThat(obedient.alive()).isFalse();
        assertThat(stubborn.alive()).isFalse();
    }
}
