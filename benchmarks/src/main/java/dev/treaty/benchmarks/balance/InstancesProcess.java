package dev.treaty.benchmarks.balance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The process of the ten instances. */
final class InstancesProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final Writer in;
    private final List<Integer> ports;

    InstancesProcess() throws IOException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Instances.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        out = process.inputReader(StandardCharsets.UTF_8);
        in = process.outputWriter(StandardCharsets.UTF_8);
        ports = numbers().stream().map(Long::intValue).toList();
    }

    private List<Long> numbers() throws IOException {
        String line = out.readLine();
        if (line == null) {
            throw new IOException("the process of the instances has ended: " + process.exitValue());
        }
        return Arrays.stream(line.split(" ", -1)).map(Long::valueOf).toList();
    }

    List<Integer> httpPorts() {
        return ports.subList(0, Instances.COUNT);
    }

    List<Integer> grpcPorts() {
        return ports.subList(Instances.COUNT, 2 * Instances.COUNT);
    }

    /** Makes one instance sick and all others healthy; tells how many calls each has had since the last time. */
    List<Long> sicken(int instance, Sickness sickness) throws IOException {
        in.write(sickness.word() + " " + instance + "\n");
        in.flush();
        return numbers();
    }

    @Override
    public void close() {
        process.destroy();
    }
}
