package dev.treaty.benchmarks.call;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** A {@link Worker}, seen by whoever started it. */
final class WorkerProcess implements AutoCloseable {
    /** How much longer than asked for an answer may take: a machine that does other things starts a JVM slowly. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration GOODBYE = Duration.ofSeconds(15);
    private static final int COMPLAINT_LINES = 20;

    private final JsonMapper mapper = JsonMapper.builder().build();
    private final String name;
    private final Path errors;
    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;

    private WorkerProcess(String name, Path errors, Process process) {
        this.name = name;
        this.errors = errors;
        this.process = process;
        answers = process.inputReader(StandardCharsets.UTF_8);
        commands = process.outputWriter(StandardCharsets.UTF_8);
    }

    /** What the JVMs of all workers are told. */
    static List<String> jvmOptions() {
        return List.of(
                "-XX:+UseG1GC",
                "-Xms512m",
                "-Xmx512m",
                "-Djdk.virtualThreadScheduler.parallelism="
                        + Runtime.getRuntime().availableProcessors(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow");
    }

    /** Starts one from this process's own JDK and class path. */
    static WorkerProcess start(String... arguments) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Worker.class.getName()));
        command.addAll(List.of(arguments));
        Path errors = Files.createTempFile("treaty-bench-", ".log");
        errors.toFile().deleteOnExit();
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        return new WorkerProcess(arguments[1] + "'s " + arguments[0], errors, process);
    }

    /** Waits until it is ready, and tells on which port. */
    int port() throws IOException, InterruptedException {
        return answer(Worker.Ready.class, Duration.ZERO).port();
    }

    /** What a server has used since it was started. */
    Usage usage() throws IOException, InterruptedException {
        return ask("usage", Usage.class, Duration.ZERO);
    }

    /** Has a client make calls. */
    Load.Outcome run(int concurrency, Duration duration) throws IOException, InterruptedException {
        return ask(concurrency + " " + duration.toMillis(), Load.Outcome.class, duration);
    }

    private <T> T ask(String command, Class<T> answer, Duration duration) throws IOException, InterruptedException {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw failed("ended before its time", e);
        }
        return answer(answer, duration);
    }

    private <T> T answer(Class<T> type, Duration duration) throws IOException, InterruptedException {
        var line = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> {
            try {
                line.complete(answers.readLine());
            } catch (IOException | UncheckedIOException e) {
                line.completeExceptionally(e);
            }
        });
        try {
            String text = line.get(duration.plus(PATIENCE).toMillis(), TimeUnit.MILLISECONDS);
            if (text == null) {
                throw failed("ended before its time", null);
            }
            return mapper.readValue(text, type);
        } catch (TimeoutException e) {
            throw failed("has not answered for " + duration.plus(PATIENCE).toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw failed("cannot be heard", e);
        }
    }

    private IOException failed(String how, @Nullable Exception cause) {
        String said;
        try {
            List<String> lines = Files.readAllLines(errors);
            said = String.join("\n", lines.subList(Math.max(0, lines.size() - COMPLAINT_LINES), lines.size()));
        } catch (IOException e) {
            said = "(" + e + ")";
        }
        return new IOException("the process of " + name + " " + how + "; its last words:\n" + said, cause);
    }

    /** Tells it to end, and does not wait for it. */
    void dismiss() {
        try {
            commands.close();
        } catch (IOException e) {
            // It has ended already, and its input with it.
        }
    }

    /** Ends it: by the end of its input, and where that is not enough, by force. */
    @Override
    public void close() {
        dismiss();
        try {
            if (!process.waitFor(GOODBYE)) {
                process.destroyForcibly();
            }
            Files.deleteIfExists(errors);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
