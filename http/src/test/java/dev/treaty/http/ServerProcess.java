package dev.treaty.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.ServiceResponse;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A server in a process of its own, so that its heap, its processor time and its open files are its own. */
final class ServerProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader answers;
    final int port;

    ServerProcess() throws IOException {
        process = java(ServerProcess.class, List.of("-Xmx256m", "--enable-native-access=ALL-UNNAMED"));
        answers = process.inputReader(UTF_8);
        port = Integer.parseInt(answers.readLine());
    }

    /** Starts a process with the classes of this one. */
    static Process java(Class<?> main, List<String> options, String... arguments) throws IOException {
        String path = String.join(
                File.pathSeparator,
                Path.of("target", "test-classes").toString(),
                System.getProperty("jdk.module.path", ""),
                System.getProperty("java.class.path", ""));
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", path, main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Returns the bytes of its heap that are in use after a collection. */
    long heap() throws IOException {
        process.outputWriter().write("\n");
        process.outputWriter().flush();
        return Long.parseLong(answers.readLine());
    }

    /** Returns the processor time that it has taken. */
    Duration processorTime() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** Prints the port, and for each line that it reads what of its heap is in use. */
    public static void main(String[] arguments) throws IOException {
        HttpServerOptions options = HttpServerOptions.STANDARD.connections(20_000, Duration.ofHours(1));
        try (var running = new Running(options, HttpTransportOptions.STANDARD);
                var lines = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
            running.host(_ -> ServiceResponse.<Object>ok(Optional.empty()));
            System.out.println(running.server.endpoint().port());
            while (lines.readLine() != null) {
                long least = Stream.generate(ServerProcess::collect)
                        .limit(3)
                        .mapToLong(used -> used)
                        .min()
                        .orElseThrow();
                System.out.println(least);
            }
        }
    }

    private static long collect() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
