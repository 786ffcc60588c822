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
        return String.valueOf(lines.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void itTellsWhatItSaysAndHowItEnded() throws Exception {
        ChildProcess child = start("echo $GREETING; echo trouble >&2; exit 3");

        assertThat(child.exit().get(20, TimeUnit.SECONDS)).isEqualTo(3);
        assertThat(child.lastLines()).containsExactlyInAnyOrder("hello", "trouble");
    }

    @Test
    void itKeepsOnlyTheLastLines() throws Exception {
        ChildProcess child = start("for i in $(seq 100); do echo $i; done");

        child.exit().get(20, TimeUnit.SECONDS);
        assertThat(child.lastLines()).hasSize(ChildProcess.LINES_MAX).endsWith("99", "100");
    }

    @Test
    void itsInputEndsOnlyWithUs() throws Exception {
        try (ChildProcess child = start("cat; echo over")) {
            assertThat(lines.poll(200, TimeUnit.MILLISECONDS)).isNull();
            assertThat(child.alive()).isTrue();
        }
    }

    @Test
    void aFrozenChildDoesNothingUntilItIsResumed() throws Exception {
        try (ChildProcess child = start("while true; do echo tick; sleep 0.01; done")) {
            assertThat(line()).isEqualTo("tick");
            child.freeze();
            awaitState(child, "T"); // stopped, and does nothing, whatever of its ticks is still on its way
            child.resume();
            awaitState(child, "RSD");
            lines.clear();
            assertThat(line()).isEqualTo("tick");
        }
    }

    /** Waits for one of these letters for a process's state, after its name, in {@code /proc/PID/stat}. */
    private static void awaitState(ChildProcess child, String states) throws IOException {
        Path stat = Path.of("/proc", Long.toString(child.pid()), "stat");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        for (char now = 0; states.indexOf(now) < 0; ) {
            assertThat(System.nanoTime() - end).as("state %s", now).isNegative();
            String text = Files.readString(stat);
            now = text.charAt(text.lastIndexOf(')') + 2);
        }
    }

    @Test
    void closingEndsAFrozenChildToo() throws Exception {
        ChildProcess child = start("while true; do sleep 0.01; done");
        child.freeze();

        child.kill();

        assertThat(child.alive()).isFalse();
    }

    @Test
    void closingAllEndsThoseThatDoNotListen() throws Exception {
        ChildProcess polite = start("echo ready; while true; do sleep 0.01; done");
        ChildProcess deaf = start("trap '' TERM; echo ready; while true; do sleep 0.01; done");
        line();
        line();

        ChildProcess.closeAll(List.of(polite, deaf), Duration.ofMillis(300));

        assertThat(polite.alive()).isFalse();
        assertThat(deaf.alive()).isFalse();
    }
}
