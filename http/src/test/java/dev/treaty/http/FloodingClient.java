package dev.treaty.http;

import dev.treaty.http.Http2ServerTest.Flood;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A process that floods a server, or that only takes as much processor time. */
final class FloodingClient {
    private static final int STEPS = 100;

    /** The pause of a process that has taken its share of processor time. */
    private static final long PAUSE_NANOS = 2_000_000;

    private final Process process;

    private FloodingClient(Process process) {
        this.process = process;
    }

    /** Floods a port for a time, on one connection after the other, as each is closed. */
    static FloodingClient flood(int port, int flood, Duration time) throws IOException {
        return start("flood", time, "" + port, "" + flood);
    }

    /** Takes a share of a processor for a time. */
    static FloodingClient burn(double share, Duration time) throws IOException {
        return start("burn", time, "" + share);
    }

    private static FloodingClient start(String what, Duration time, String... more) throws IOException {
        String[] arguments = new String[2 + more.length];
        arguments[0] = what;
        arguments[1] = "" + time.toNanos();
        System.arraycopy(more, 0, arguments, 2, more.length);
        var client = new FloodingClient(ServerProcess.java(FloodingClient.class, List.of("-Xmx64m"), arguments));
        client.read(); // it has begun
        return client;
    }

    private double read() throws IOException {
        return Double.parseDouble(process.inputReader().readLine());
    }

    /** What a flood was. */
    record Result(int connections, double share) {}

    /** Waits for its end; returns how many connections were closed, and the share of a processor that it took. */
    Result end() throws IOException {
        var result = new Result((int) read(), read());
        process.destroyForcibly().onExit().join();
        return result;
    }

    public static void main(String[] arguments) throws IOException {
        long began = System.nanoTime();
        long end = began + Long.parseLong(arguments[1]);
        long processorBegan = processorNanos();
        System.out.println(0);
        int connections = 0;
        if (arguments[0].equals("burn")) {
            burn(Double.parseDouble(arguments[2]), end);
        } else {
            Flood flood = (Flood) Http2ServerTest.floods()
                    .skip(Integer.parseInt(arguments[3]))
                    .findFirst()
                    .orElseThrow()
                    .get()[0];
            while (System.nanoTime() - end < 0) {
                flood(Integer.parseInt(arguments[2]), flood, end);
                connections++;
            }
        }
        System.out.println(connections);
        System.out.println((double) (processorNanos() - processorBegan) / (System.nanoTime() - began));
        System.in.read(); // until it is read
    }

    private static void flood(int port, Flood flood, long end) throws IOException {
        try (var connection = new RawHttp2Connection(port)) {
            for (int i = 0; System.nanoTime() - end < 0; i += STEPS) {
                var frames = new ByteArrayOutputStream();
                for (int j = i; j < i + STEPS; j++) {
                    frames.writeBytes(flood.step(j));
                }
                try {
                    connection.send(frames.toByteArray());
                } catch (IOException e) {
                    return;
                }
            }
        }
    }

    private static void burn(double share, long end) {
        long began = System.nanoTime();
        long processorBegan = processorNanos();
        for (long now = began; now - end < 0; now = System.nanoTime()) {
            if (processorNanos() - processorBegan > share * (now - began)) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private static long processorNanos() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
    }
}
