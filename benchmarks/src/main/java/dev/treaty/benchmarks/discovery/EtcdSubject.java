package dev.treaty.benchmarks.discovery;

import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** Treaty's clients of a real etcd. */
final class EtcdSubject implements Subject {
    private static final Duration START = Duration.ofSeconds(20);

    @Override
    public String name() {
        return "etcd";
    }

    @Override
    public String about() {
        return "Treaty's clients of an etcd of one member, which keeps its state on disk, on loopback";
    }

    @Override
    public Running start() throws IOException, InterruptedException {
        int port = freePort();
        String client = "http://127.0.0.1:" + port;
        String peer = "http://127.0.0.1:" + freePort();
        Path directory = Files.createTempDirectory("treaty-bench-etcd");
        Process process;
        try {
            process = new ProcessBuilder(
                            "etcd",
                            "--name=bench",
                            "--data-dir=" + directory.resolve("data"),
                            "--listen-client-urls=" + client,
                            "--advertise-client-urls=" + client,
                            "--listen-peer-urls=" + peer,
                            "--initial-advertise-peer-urls=" + peer,
                            "--initial-cluster=bench=" + peer)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("log").toFile())
                    .start();
        } catch (IOException e) {
            delete(directory);
            throw new Missing("etcd is not installed here (on Debian: apt-get install etcd-server)", e);
        }
        long end = System.nanoTime() + START.toNanos();
        while (!listens(port)) {
            if (!process.isAlive() || System.nanoTime() - end > 0) {
                process.destroyForcibly().waitFor();
                String said = Files.readString(directory.resolve("log"));
                delete(directory);
                throw new IOException("etcd does not start: " + said);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        var address = new RegistryAddress.Provided("etcd", "//127.0.0.1:" + port);
        return new Running() {
            @Override
            public Client client() {
                return RegistryClient.of(address);
            }

            @Override
            public Optional<RegistryAddress> address() {
                return Optional.of(address);
            }

            @Override
            public OptionalLong memoryBytes() {
                return OptionalLong.empty(); // a database's own cache, and not on a heap of ours
            }

            @Override
            public void close() throws IOException {
                process.destroyForcibly().onExit().join();
                delete(directory);
            }
        };
    }

    private static int freePort() throws IOException {
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    private static boolean listens(int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var all = Files.walk(directory)) {
            all.sorted(Comparator.reverseOrder()).forEach(each -> {
                try {
                    Files.deleteIfExists(each);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
