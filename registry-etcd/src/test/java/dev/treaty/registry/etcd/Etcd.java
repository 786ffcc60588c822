package dev.treaty.registry.etcd;

import dev.treaty.JsonInstances;
import dev.treaty.core.call.Principal;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.spi.RegistryProvider;
import dev.treaty.simulation.Polling;
import io.etcd.jetcd.Client;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/** Debian's etcd in processes of its own on free loopback ports: one member or a cluster. */
final class Etcd implements AutoCloseable {
    private final List<Member> members = new ArrayList<>();

    /** One process. */
    static final class Member implements AutoCloseable {
        final String name;
        final int port;
        final int peerPort;
        final Path directory;
        private Process process;

        Member(String name) {
            try {
                this.name = name;
                this.directory = Files.createTempDirectory("treaty-etcd");
                try (var one = listen();
                        var other = listen()) {
                    this.port = one.getLocalPort();
                    this.peerPort = other.getLocalPort();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static ServerSocket listen() throws IOException {
            return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        }

        String peer() {
            return "http://127.0.0.1:" + peerPort;
        }

        /** @param more further arguments; with a certificate, clients use TLS */
        void start(String cluster, List<String> more) {
            String protocol = more.stream().anyMatch(each -> each.startsWith("--cert-file")) ? "https" : "http";
            String client = protocol + "://127.0.0.1:" + port;
            var command = new ArrayList<>(more);
            command.addFirst("etcd");
            try {
                command.addAll(List.of(
                        "--name=" + name,
                        "--data-dir=" + directory.resolve("data"),
                        "--listen-client-urls=" + client,
                        "--advertise-client-urls=" + client,
                        "--listen-peer-urls=" + peer(),
                        "--initial-advertise-peer-urls=" + peer(),
                        "--initial-cluster=" + cluster,
                        "--heartbeat-interval=50",
                        "--election-timeout=500",
                        "--unsafe-no-fsync")); // the machine does not crash
                process = new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("log").toFile())
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException("etcd is Debian's package etcd-server", e);
            }
        }

        /** Stops the process as a crash does. */
        void kill() {
            process.destroyForcibly();
            process.onExit().join();
        }

        boolean healthy() {
            return get("/health").contains("\"true\"");
        }

        boolean leads() {
            return get("/metrics").lines().anyMatch("etcd_server_is_leader 1"::equals);
        }

        private String get(String path) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                    .timeout(Duration.ofSeconds(2))
                    .build();
            try (var client = HttpClient.newHttpClient()) {
                return client.send(request, HttpResponse.BodyHandlers.ofString())
                        .body();
            } catch (IOException e) {
                return "";
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        void deleteData() {
            delete(directory.resolve("data"));
        }

        /** Copies the files of the stopped process. */
        void copyData(String from, String to) {
            Path source = directory.resolve(from);
            try (var all = Files.walk(source)) {
                for (Path each : all.toList()) {
                    Files.copy(each, directory.resolve(to).resolve(source.relativize(each)));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static void delete(Path path) {
            try (var all = Files.walk(path)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            kill();
            delete(directory);
        }
    }

    private Etcd(int size) {
        for (int i = 0; i < size; i++) {
            members.add(new Member("m" + i));
        }
    }

    /** Starts one member with further arguments, without waiting for it. */
    static Etcd with(List<String> more) {
        var etcd = new Etcd(1);
        etcd.start(etcd.only(), more);
        return etcd;
    }

    static Etcd start(int size) {
        var etcd = new Etcd(size);
        etcd.members.forEach(etcd::start);
        etcd.awaitHealthy();
        return etcd;
    }

    void start(Member member) {
        start(member, List.of());
    }

    void start(Member member, List<String> more) {
        member.start(members.stream().map(m -> m.name + "=" + m.peer()).collect(Collectors.joining(",")), more);
    }

    List<Member> members() {
        return members;
    }

    Member only() {
        return members.getFirst();
    }

    Member leader() {
        var found = new AtomicReference<Member>();
        Polling.until(() -> {
            members.stream().filter(Member::leads).findFirst().ifPresent(found::set);
            return found.get() != null;
        });
        return found.get();
    }

    /** Waits until all members are healthy. One that has ended, because its port was taken meanwhile, starts again. */
    void awaitHealthy() {
        members.forEach(member -> Polling.until(member::healthy, () -> {
            if (!member.process.isAlive()) {
                start(member);
            }
        }));
    }

    String address(String prefix) {
        return members.stream()
                .map(m -> "127.0.0.1:" + m.port)
                .collect(Collectors.joining(",", "etcd://", "/" + prefix));
    }

    static RegistryAddress.Provided provided(String address) {
        return (RegistryAddress.Provided) RegistryAddress.parse(address);
    }

    static RegistryProvider.RegistryContext context(RegistryPolicy policy, Events events) {
        return new RegistryProvider.RegistryContext(
                Principal.claimed("test"), policy, Time.system(), RandomSource.secure(), events, new JsonInstances());
    }

    /** Opens a client by the scheme of the address, as programs do. */
    static Registry open(String address, RegistryPolicy policy, Events events) {
        var provided = provided(address);
        return RegistryProvider.of(provided.scheme()).orElseThrow().open(provided, context(policy, events));
    }

    /** Opens a client of the only member. */
    Client client() {
        return Client.builder().endpoints("http://127.0.0.1:" + only().port).build();
    }

    @Override
    public void close() {
        members.forEach(Member::close);
    }
}
