package dev.treaty.benchmarks.balance;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** HAProxy between client and instances, as it is usually set up: leastconn, retries, errors observed. */
final class HaproxySubject implements Subject {
    private static final int STARTS_MAX = 50;

    private final HttpCaller http = new HttpCaller();
    private final Path config;
    private final Process process;
    private final int port;

    HaproxySubject(List<Integer> ports) throws IOException, InterruptedException {
        port = free();
        config = Files.createTempFile("treaty-bench-haproxy", ".cfg");
        Files.writeString(config, config(ports));
        process = new ProcessBuilder("haproxy", "-f", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        for (int tries = 0; !listening(); tries++) {
            if (tries == STARTS_MAX || !process.isAlive()) {
                close();
                throw new IOException(
                        "haproxy does not listen on port " + port + "; try \"haproxy -c -f\" on its file");
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** Whether it is installed here. */
    static boolean installed() {
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin";
        for (String folder : path.split(":", -1)) {
            if (Files.isExecutable(Path.of(folder, "haproxy"))) {
                return true;
            }
        }
        return false;
    }

    private static int free() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private boolean listening() {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private String config(List<Integer> ports) {
        var text = new StringBuilder("""
            global
              nbthread 2
            defaults
              mode http
              timeout connect 1s
              timeout client 10s
              timeout server %dms
              retries %d
              option redispatch 1
              retry-on conn-failure empty-response response-timeout 503
            listen tail
              bind 127.0.0.1:%d
              balance leastconn
              http-reuse always
              default-server observe layer7 error-limit 10 on-error mark-down check inter 1s
            """.formatted(ATTEMPT.toMillis(), ATTEMPTS - 1, port));
        for (int each : ports) {
            text.append("  server s%d 127.0.0.1:%d%n".formatted(each, each));
        }
        return text.toString();
    }

    @Override
    public boolean call() {
        try {
            http.call(port, DEADLINE);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        http.close();
        process.destroy();
        try {
            Files.deleteIfExists(config);
        } catch (IOException e) {
            // a small file stays in the folder for temporary ones
        }
    }
}
