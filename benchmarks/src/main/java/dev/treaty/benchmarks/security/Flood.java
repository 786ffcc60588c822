package dev.treaty.benchmarks.security;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import tools.jackson.databind.json.JsonMapper;

/**
 * The process that floods a server, each of its threads as fast as it can: it answers each line of input, {@code KIND
 * MILLIS PROCESSORS}, by an {@link Outcome}, and ends when the input does.
 */
final class Flood {
    /** Calls that the caller may make, beyond its rate. */
    static final String IDENTITY = "identity";

    /** Calls with tokens that are well formed and have a wrong signature, each another. */
    static final String TOKENS = "tokens";

    /** Handshakes that get their answer and never finish. */
    static final String HANDSHAKES = "handshakes";

    /** Nothing but the use of processors. */
    static final String BURN = "burn";

    static final int THREADS = 8;

    /** The handshakes that a thread keeps open; the oldest is reset for another. */
    private static final int OPEN_MAX = 100;

    private static final int TIMEOUT_MILLIS = 2_000;

    private final InetSocketAddress server;
    private final SSLContext context;
    private final String token;
    private final byte[] hello;
    private final AtomicLong number = new AtomicLong();

    /**
     * What it has done.
     *
     * @param requests how many requests, or handshakes, were answered, by status; 0 for a handshake, -1 for a
     *     connection that failed
     * @param cpuNanos processor time
     * @param nanos how long it took
     */
    record Outcome(Map<Integer, Long> requests, long cpuNanos, long nanos) {
        long answered() {
            return requests.entrySet().stream()
                    .filter(each -> each.getKey() >= 0)
                    .mapToLong(Map.Entry::getValue)
                    .sum();
        }

        double processors() {
            return (double) cpuNanos / nanos;
        }
    }

    private Flood(Path directory, int port) throws IOException, GeneralSecurityException {
        this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.context = FloodConnection.trusting(directory.resolve("ca.pem"));
        this.token = Files.readString(directory.resolve(SecuredServer.TOKEN));
        this.hello = hello(context);
    }

    private static byte[] hello(SSLContext context) throws IOException {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(true);
        engine.beginHandshake();
        ByteBuffer bytes = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), bytes);
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    /**
     * Starts it.
     *
     * @param arguments the directory with the certificates, and the port of the server
     */
    public static void main(String[] arguments) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // what libraries print is no answer
        JsonMapper mapper = JsonMapper.builder().build();
        var flood = new Flood(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            out.println(mapper.writeValueAsString(
                    flood.run(words[0], Duration.ofMillis(Long.parseLong(words[1])), Double.parseDouble(words[2]))));
        }
        System.exit(0);
    }

    private Outcome run(String kind, Duration duration, double processors) throws InterruptedException {
        Map<Integer, LongAdder> requests = new ConcurrentHashMap<>();
        long cpu = SecuredServer.cpuNanos();
        long start = System.nanoTime();
        long end = start + duration.toNanos();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            threads.add(Thread.ofPlatform().daemon().start(() -> {
                switch (kind) {
                    case BURN -> burn(processors / THREADS, end);
                    case HANDSHAKES -> handshakes(requests, end);
                    default -> calls(kind.equals(TOKENS), requests, end);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        var counts = new TreeMap<Integer, Long>();
        requests.forEach((status, count) -> counts.put(status, count.sum()));
        return new Outcome(counts, SecuredServer.cpuNanos() - cpu, System.nanoTime() - start);
    }

    private static void count(Map<Integer, LongAdder> requests, int status) {
        requests.computeIfAbsent(status, _ -> new LongAdder()).increment();
    }

    /** Uses a share of a processor, in slices of ten milliseconds. */
    private static void burn(double share, long end) {
        long slice = TimeUnit.MILLISECONDS.toNanos(10);
        while (System.nanoTime() - end < 0) {
            long began = SecuredServer.threadNanos();
            while (SecuredServer.threadNanos() - began < slice * share && System.nanoTime() - end < 0) {
                spin();
            }
            try {
                TimeUnit.NANOSECONDS.sleep((long) (slice * Math.max(0, 1 - share)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void spin() {
        for (int i = 0; i < 1_000; i++) {
            Thread.onSpinWait();
        }
    }

    private void calls(boolean forged, Map<Integer, LongAdder> requests, long end) {
        while (System.nanoTime() - end < 0) {
            try (var connection = new FloodConnection(context, server, TIMEOUT_MILLIS)) {
                do {
                    count(requests, connection.call(forged ? forged(number.incrementAndGet()) : token));
                } while (connection.isOpen() && System.nanoTime() - end < 0);
            } catch (IOException e) {
                count(requests, -1);
            }
        }
    }

    /** The genuine token with another id, so that its signature is wrong. */
    private String forged(long id) {
        return forged(token, id);
    }

    /** A token with another id than that of its signature. */
    static String forged(String token, long id) {
        int first = token.indexOf('.');
        int second = token.lastIndexOf('.');
        String payload =
                new String(Base64.getUrlDecoder().decode(token.substring(first + 1, second)), StandardCharsets.UTF_8);
        String other = payload.replaceFirst("\"jti\":\"[^\"]*\"", "\"jti\":\"forged" + id + "\"");
        return token.substring(0, first + 1)
                + Base64.getUrlEncoder().withoutPadding().encodeToString(other.getBytes(StandardCharsets.UTF_8))
                + token.substring(second);
    }

    private void handshakes(Map<Integer, LongAdder> requests, long end) {
        var open = new ArrayDeque<Socket>();
        while (System.nanoTime() - end < 0) {
            try {
                var socket = new Socket();
                open.add(socket);
                socket.setSoLinger(true, 0);
                socket.setSoTimeout(TIMEOUT_MILLIS);
                socket.connect(server, TIMEOUT_MILLIS);
                socket.getOutputStream().write(hello);
                count(requests, socket.getInputStream().read() < 0 ? -1 : 0);
                if (open.size() > OPEN_MAX) {
                    open.remove().close();
                }
            } catch (IOException e) {
                count(requests, -1);
            }
        }
        for (Socket socket : open) {
            try {
                socket.close();
            } catch (IOException e) {
                // It is closed.
            }
        }
    }
}
