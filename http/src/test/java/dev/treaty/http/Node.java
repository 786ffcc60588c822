package dev.treaty.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** Runs the scripts of {@code src/test/node}, with their packages installed once into {@code target/node}. */
final class Node {
    private static final Path SOURCES = Path.of("src/test/node");
    private static final Path TARGET = Path.of("target/node");
    private static final ReentrantLock INSTALLING = new ReentrantLock();

    private Node() {}

    /** Runs a script and gives the lines that it printed. */
    static List<String> run(String script, String input, String... arguments) throws Exception {
        install();
        var command = new ArrayList<>(List.of("node", script));
        command.addAll(Arrays.asList(arguments));
        return start(command, input).lines().toList();
    }

    private static void install() throws Exception {
        INSTALLING.lock();
        try {
            Files.createDirectories(TARGET);
            boolean fresh = false;
            try (var sources = Files.list(SOURCES)) {
                for (Path source : sources.toList()) {
                    fresh |= copy(source, TARGET.resolve(source.getFileName()));
                }
            }
            if (fresh || !Files.exists(TARGET.resolve("node_modules/.package-lock.json"))) {
                start(List.of("npm", "ci"), "");
            }
        } finally {
            INSTALLING.unlock();
        }
    }

    private static boolean copy(Path source, Path target) throws IOException {
        byte[] bytes = Files.readAllBytes(source);
        if (Files.exists(target) && Arrays.equals(bytes, Files.readAllBytes(target))) {
            return false;
        }
        Files.write(target, bytes);
        return source.endsWith("package-lock.json");
    }

    private static String start(List<String> command, String input) throws Exception {
        Path errors = TARGET.resolve(command.getFirst() + ".log");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .directory(TARGET.toFile())
                    .redirectError(errors.toFile())
                    .start();
        } catch (IOException e) {
            throw new AssertionError(
                    "cannot start " + command.getFirst()
                            + ": install Node.js 20 or newer with npm (Debian: nodejs npm)",
                    e);
        }
        try {
            process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new AssertionError(command + " failed:\n" + output + Files.readString(errors));
            }
            return output;
        } finally {
            process.destroyForcibly();
        }
    }
}
