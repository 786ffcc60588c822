package dev.treaty.benchmarks;

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

/**
 * A process of this one's own JDK and class path that answers each line it is sent by one line of JSON, and ends when
 * its input does.
 */
public final class JvmProcess implements AutoCloseable {
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

    private JvmProcess(String name, Path errors, Process process) {
        this.name = name;
        this.errors = errors;
        this.process = process;
        answers = process.inputReader(StandardCharsets.UTF_8);
        commands = process.outputWriter(StandardCharsets.UTF_8);
    }

    /**
     * Starts one.
     *
     * @param name what it is called where something goes wrong
     * @param main its main class
     * @param options what its JVM is told
     * @param arguments those of its main method
     */
    public static JvmProcess start(String name, Class<?> main, List<String> options, String... arguments)
            throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        Path errors = Files.createTempFile("treaty-bench-", ".log");
        errors.toFile().deleteOnExit();
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        return new JvmProcess(name, errors, process);
    }

    /**
     * Sends it a line and waits for the answer.
     *
     * @param duration how long the work takes that it is asked for
     * @throws IOException where it has ended or does not answer, with what it said last
     */
    public <T> T ask(String command, Class<T> answer, Duration duration) throws IOException, InterruptedException {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw failed("ended before its time", e);
        }
        return answer(answer, duration);
    }

    /** Waits for an answer to nothing, such as that it is ready. */
    public <T> T answer(Class<T> type, Duration duration) throws IOException, InterruptedException {
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
    public void dismiss() {
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
