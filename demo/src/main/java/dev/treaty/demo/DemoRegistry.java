package dev.treaty.demo;

import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.Main;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The registry of the demo: a process of its own that can be killed and started again, or one that was there before,
 * which is left in peace.
 */
public final class DemoRegistry implements AutoCloseable {
    /** What there is to choose from beside an address. */
    public enum Kind {
        /** The registry that {@code treaty registry} serves. */
        TREATY,
        /** An etcd of one member. */
        ETCD,
        /** A ZooKeeper of one server. */
        ZOOKEEPER
    }

    /** How long it may take to start. */
    private static final long READY_NANOS = ShopInstance.START.toNanos();

    private static final long LOOK_MILLIS = 20;

    /** Ends what it has started when its own input ends, which is when the demo does, however that ends. */
    private static final String ATTACHED = "\"$@\" & pid=$!; cat >/dev/null; kill -9 $pid 2>/dev/null";

    private final RegistryAddress address;
    private final List<String> command;
    private final int port;
    private final Optional<Path> directory;
    private volatile @Nullable ChildProcess child;
    private volatile boolean closed;

    private DemoRegistry(RegistryAddress address, List<String> command, int port, Optional<Path> directory) {
        this.address = address;
        this.command = command;
        this.port = port;
        this.directory = directory;
    }

    /** One that somebody else looks after. */
    static DemoRegistry existing(RegistryAddress address) {
        return new DemoRegistry(address, List.of(), 0, Optional.empty());
    }

    /**
     * Starts one and waits until it can be used.
     *
     * @throws CommandFailed where it cannot be started
     */
    static DemoRegistry start(Kind kind) throws IOException, InterruptedException {
        int port = freePort();
        DemoRegistry registry = switch (kind) {
            case TREATY -> treaty(port);
            case ETCD -> etcd(port);
            case ZOOKEEPER -> zookeeper(port);
        };
        try {
            registry.start();
            return registry;
        } catch (IOException | InterruptedException | RuntimeException e) {
            registry.close();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    private static DemoRegistry treaty(int port) {
        List<String> command = ChildProcess.java(
                List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m"),
                ChildProcess.ownClassPath(),
                Main.class.getName(),
                List.of("registry", "--port", String.valueOf(port)));
        return new DemoRegistry(new RegistryAddress.Network("127.0.0.1", port), command, port, Optional.empty());
    }

    private static DemoRegistry etcd(int port) throws IOException {
        Path directory = Files.createTempDirectory("treaty-demo-etcd");
        String peer = "http://127.0.0.1:" + freePort();
        String client = "http://127.0.0.1:" + port;
        List<String> command = List.of(
                "etcd",
                "--name=demo",
                "--data-dir=" + directory.resolve("data"),
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=demo=" + peer);
        var address = new RegistryAddress.Provided("etcd", "//127.0.0.1:" + port);
        return new DemoRegistry(address, command, port, Optional.of(directory));
    }

    private static DemoRegistry zookeeper(int port) throws IOException {
        Path directory = Files.createTempDirectory("treaty-demo-zookeeper");
        Path config = Files.writeString(
                directory.resolve("zoo.cfg"),
                String.join(
                        "\n",
                        "tickTime=1000",
                        "dataDir=" + directory.resolve("data"),
                        "clientPort=" + port,
                        "clientPortAddress=127.0.0.1",
                        "admin.enableServer=false",
                        ""));
        List<String> command = ChildProcess.java(
                List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m"),
                ChildProcess.ownClassPath(),
                "org.apache.zookeeper.server.ZooKeeperServerMain",
                List.of(config.toString()));
        var address = new RegistryAddress.Provided("zookeeper", "//127.0.0.1:" + port);
        return new DemoRegistry(address, command, port, Optional.of(directory));
    }

    /** Where services find it. */
    RegistryAddress address() {
        return address;
    }

    /** Whether it may be killed. */
    boolean ours() {
        return !command.isEmpty();
    }

    /** Starts it, or starts it again. */
    void start() throws IOException, InterruptedException {
        if (closed) {
            return;
        }
        var attached = new ArrayList<>(List.of("sh", "-c", ATTACHED, "sh"));
        attached.addAll(command);
        ChildProcess started = ChildProcess.start(attached, Map.of(), _ -> {});
        child = started;
        long end = System.nanoTime() + READY_NANOS;
        while (!listens()) {
            if (closed) {
                kill(); // the demo is over before it has started
                return;
            }
            boolean running = started.children().stream().anyMatch(ProcessHandle::isAlive);
            if ((!running && !started.alive()) || System.nanoTime() - end > 0 || failed(started)) {
                String said = String.join("\n", started.lastLines());
                throw new CommandFailed("the registry of the demo does not start: " + said + hint(said));
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
    }

    private static boolean failed(ChildProcess started) {
        return started.lastLines().stream().anyMatch(line -> line.contains("not found"));
    }

    private static String hint(String said) {
        return said.contains("etcd") && said.contains("not found")
                ? "; install etcd first, on Debian with apt-get install etcd-server"
                : "";
    }

    private boolean listens() {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Ends it as a crash would. What it keeps on disk stays there. */
    void kill() {
        ChildProcess running = child;
        if (running != null) {
            List<ProcessHandle> all = running.children();
            all.forEach(ProcessHandle::destroyForcibly);
            all.forEach(each -> each.onExit().join());
            running.kill();
        }
    }

    @Override
    public void close() {
        closed = true;
        kill();
        directory.ifPresent(DemoRegistry::delete);
    }

    private static void delete(Path directory) {
        try (var all = Files.walk(directory)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (IOException e) {
            throw new CommandFailed("cannot delete " + directory + ": " + e.getMessage());
        }
    }
}
