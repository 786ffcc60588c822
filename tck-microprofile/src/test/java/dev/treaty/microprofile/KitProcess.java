package dev.treaty.microprofile;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A {@link KitRunner} process as its parent sees it. Most tests wait, so several processes run side by side. */
final class KitProcess implements AutoCloseable {
    /** The longest duration of the tests of one class; the slowest takes a thirtieth of it on a fast machine. */
    private static final Duration CLASS_TIMEOUT = Duration.ofMinutes(10);

    private final Process process;
    private final BufferedReader answers;
    private final Writer names;

    private KitProcess(Path log) throws IOException {
        var command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // a process lives for seconds
                "-cp",
                System.getProperty("java.class.path"),
                KitRunner.class.getName());
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        answers = process.inputReader(StandardCharsets.UTF_8);
        names = process.outputWriter(StandardCharsets.UTF_8);
    }

    /** Runs classes of the kit in a number of processes side by side. */
    static List<KitResult> run(List<String> classes, int processes, String log)
            throws IOException, InterruptedException {
        Path logs = Files.createDirectories(Path.of("target", "test-kit"));
        Queue<String> queue = new ConcurrentLinkedQueue<>(classes);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<KitResult>>> running = new ArrayList<>();
            for (int i = 0; i < processes; i++) {
                Path file = logs.resolve(log + "-" + i + ".log");
                Files.deleteIfExists(file);
                running.add(threads.submit(() -> drain(queue, file)));
            }
            List<KitResult> results = new ArrayList<>();
            for (Future<List<KitResult>> one : running) {
                results.addAll(one.get());
            }
            return results;
        } catch (ExecutionException e) {
            throw new IOException("a process of the test kit failed; see target/test-kit", e.getCause());
        }
    }

    private static List<KitResult> drain(Queue<String> classes, Path log) throws IOException {
        List<KitResult> results = new ArrayList<>();
        String name = classes.poll();
        while (name != null) {
            try (var runner = new KitProcess(log)) {
                boolean alive = true;
                while (name != null && alive) {
                    alive = runner.run(name, results);
                    name = classes.poll();
                }
            }
        }
        return results;
    }

    /**
     * Runs a class.
     *
     * @return false if it hung and the process was ended; tests without a result have failed
     */
    private boolean run(String name, List<KitResult> results) throws IOException {
        var over = new CompletableFuture<Boolean>();
        var _ = over.completeOnTimeout(false, CLASS_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                .thenAccept(this::endIfHung);
        names.write(name + "\n");
        names.flush();
        String line = answers.readLine();
        while (line != null && !line.isEmpty()) {
            results.add(KitResult.of(line));
            line = answers.readLine();
        }
        over.complete(true);
        return line != null;
    }

    private void endIfHung(boolean over) {
        if (!over) {
            process.destroyForcibly();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
