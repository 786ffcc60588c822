package dev.treaty.microprofile;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** A {@link KitRunner}, seen by whoever started it. Most of its tests wait, so several run side by side. */
final class KitProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    private final Writer names;

    private KitProcess(String log) throws IOException {
        Path errors = Path.of("target", "test-kit", log + ".log");
        Files.createDirectories(errors.getParent());
        var command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", // a process lives for seconds
                "-cp",
                System.getProperty("java.class.path"),
                KitRunner.class.getName());
        process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        answers = process.inputReader(StandardCharsets.UTF_8);
        names = process.outputWriter(StandardCharsets.UTF_8);
    }

    /** Runs classes of the kit in that many processes side by side. */
    static List<KitResult> run(List<String> classes, int processes, String log)
            throws IOException, InterruptedException {
        Queue<String> queue = new ConcurrentLinkedQueue<>(classes);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<KitResult>>> running = new ArrayList<>();
            for (int i = 0; i < processes; i++) {
                String name = log + "-" + i;
                running.add(threads.submit(() -> drain(queue, name)));
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

    private static List<KitResult> drain(Queue<String> classes, String log) throws IOException {
        List<KitResult> results = new ArrayList<>();
        try (var runner = new KitProcess(log)) {
            for (String name = classes.poll(); name != null; name = classes.poll()) {
                results.addAll(runner.run(name));
            }
        }
        return results;
    }

    private List<KitResult> run(String name) throws IOException {
        names.write(name + "\n");
        names.flush();
        List<KitResult> results = new ArrayList<>();
        for (String line = answers.readLine(); !line.isEmpty(); line = answers.readLine()) {
            results.add(KitResult.of(line));
        }
        return results;
    }

    @Override
    public void close() {
        process.destroy();
    }
}
