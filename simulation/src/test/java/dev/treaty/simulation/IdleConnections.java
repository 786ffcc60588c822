package dev.treaty.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that opens many idle connections, so that their open files do not count for the process of the test. Half
 * of them send the beginning of a request.
 */
final class IdleConnections implements AutoCloseable {
    private final Process process;

    private IdleConnections(Process process) {
        this.process = process;
    }

    /** Opens a number of connections and waits for them. */
    static IdleConnections at(ServiceEndpoint endpoint, int connections) throws IOException {
        var command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                IdleConnections.class.getName(),
                endpoint.host(),
                String.valueOf(endpoint.port()),
                String.valueOf(connections));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader output = process.inputReader(UTF_8);
        String line = output.readLine();
        if (!"ready".equals(line)) {
            process.destroyForcibly();
            throw new IOException("the connections were not opened: " + line);
        }
        return new IdleConnections(process);
    }

    public static void main(String[] arguments) throws IOException {
        var sockets = new ArrayList<Socket>();
        for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
            var socket = new Socket(arguments[0], Integer.parseInt(arguments[1]));
            if (i % 2 == 0) {
                socket.getOutputStream().write("POST /treaty.Registry/reg".getBytes(UTF_8)); // without the rest
            }
            sockets.add(socket);
        }
        System.out.println("ready");
        System.in.read(); // until the test ends
        System.exit(sockets.isEmpty() ? 1 : 0);
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
