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
 * A process that opens many connections and does nothing with them, so that it has the files that they take and the
 * server's process does not. Half of them begin a request that they never end.
 */
final class IdleGuests implements AutoCloseable {
    private final Process process;

    private IdleGuests(Process process) {
        this.process = process;
    }

    /** Opens so many connections; returns when they are there. */
    static IdleGuests at(ServiceEndpoint endpoint, int connections) throws IOException {
        var command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                IdleGuests.class.getName(),
                endpoint.host(),
                String.valueOf(endpoint.port()),
                String.valueOf(connections));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader said = process.inputReader(UTF_8);
        String line = said.readLine();
        if (!"ready".equals(line)) {
            process.destroyForcibly();
            throw new IOException("the guests do not come: " + line);
        }
        return new IdleGuests(process);
    }

    public static void main(String[] arguments) throws IOException {
        var guests = new ArrayList<Socket>();
        for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
            var guest = new Socket(arguments[0], Integer.parseInt(arguments[1]));
            if (i % 2 == 0) {
                guest.getOutputStream().write("POST /treaty.Registry/reg".getBytes(UTF_8)); // and never the rest
            }
            guests.add(guest);
        }
        System.out.println("ready");
        System.in.read(); // until the one who started it closes
        System.exit(guests.isEmpty() ? 1 : 0);
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
