package dev.treaty.demo;

import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.Converters;
import dev.treaty.cli.Main;
import dev.treaty.cli.secure.DevelopmentSecurity;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;

/** The registry of a demo: a process that the demo starts, kills and restarts, or a registry that already runs. */
final class DemoRegistry {
    /** The registries that a demo can start. */
    enum Kind {
        TREATY,
        ETCD,
        ZOOKEEPER
    }

    /** The registry to use: the one at the address, or a new one of the kind if there is no address. */
    record Choice(Optional<RegistryAddress> existing, Kind kind) {
        static final Choice TREATY = new Choice(Optional.empty(), Kind.TREATY);
    }

    /** Reads {@code treaty}, {@code etcd}, {@code zookeeper}, or the address of a registry. */
    static final class Converter implements ITypeConverter<Choice> {
        @Override
        public Choice convert(String text) {
            return Stream.of(Kind.values())
                    .filter(kind -> kind.name().equalsIgnoreCase(text))
                    .findFirst()
                    .map(kind -> new Choice(Optional.empty(), kind))
                    .orElseGet(() -> new Choice(Optional.of(Converters.registry(text)), Kind.TREATY));
        }
    }

    private static final String HOST = "127.0.0.1";
    private static final int CONNECT_TIMEOUT_MILLIS = 1_000;
    private static final long POLL_MILLIS = 20;

    /**
     * Runs a program and kills it when the standard input ends, as it does when the demo ends in any way. A background
     * job of a shell ignores the SIGINT of Ctrl-C, so it outlives the demo for that moment.
     */
    private static final String KILLED_WITH_PARENT =
            "exec 3<&0; { cat <&3; kill -9 $$; } >/dev/null 2>&1 & exec \"$@\" 3<&- </dev/null";

    private final ProcessGroup processes;
    private final RegistryAddress address;
    private final int port;
    private final List<String> command;
    private final Map<String, String> environment;
    private volatile @Nullable ChildProcess child;

    private DemoRegistry(
            ProcessGroup processes,
            RegistryAddress address,
            int port,
            List<String> program,
            Map<String, String> environment) {
        this.processes = processes;
        this.address = address;
        this.port = port;
        this.environment = environment;
        this.command = new ArrayList<>(List.of("sh", "-c", KILLED_WITH_PARENT, "sh"));
        command.addAll(program);
    }

    /** Starts the registry unless it already runs. It can be used once {@link #awaitReady} has returned. */
    static DemoRegistry start(Choice choice, ProcessGroup processes) throws IOException {
        if (choice.existing.isPresent()) {
            return new DemoRegistry(processes, choice.existing.get(), 0, List.of(), Map.of());
        }
        int port = freePort();
        List<String> program = switch (choice.kind) {
            case TREATY -> ShopProcesses.java(Main.class.getName(), "registry", "--port", String.valueOf(port));
            case ETCD -> etcd(port, processes.directory());
            case ZOOKEEPER -> zookeeper(port, processes.directory());
        };
        String scheme = choice.kind.name().toLowerCase(Locale.ROOT);
        var address = Converters.registry(scheme + "://" + HOST + ":" + port);
        var registry = new DemoRegistry(processes, address, port, program, Map.of());
        registry.start();
        return registry;
    }

    /** Returns an address of this machine at which nothing listens. */
    static RegistryAddress.Network freeAddress() throws IOException {
        return new RegistryAddress.Network(HOST, freePort());
    }

    /** Starts a registry with security at an address. Its signing keys are on disk, and stay when it starts again. */
    static DemoRegistry secure(RegistryAddress.Network address, DemoSecurity security, ProcessGroup processes)
            throws IOException {
        List<String> program = ShopProcesses.java(
                Main.class.getName(),
                "registry",
                "--port",
                String.valueOf(address.port()),
                "--config",
                security.file().toString());
        var registry = new DemoRegistry(
                processes, address, address.port(), program, security.environment(DevelopmentSecurity.REGISTRY));
        registry.start();
        return registry;
    }

    private static int freePort() throws IOException {
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    private static List<String> etcd(int port, Path directory) throws IOException {
        String peer = "http://" + HOST + ":" + freePort();
        String client = "http://" + HOST + ":" + port;
        return List.of(
                "etcd",
                "--name=demo",
                "--data-dir=" + directory.resolve("data"),
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=demo=" + peer);
    }

    private static List<String> zookeeper(int port, Path directory) throws IOException {
        Path config =
                Files.writeString(directory.resolve("zoo.cfg"), """
                    tickTime=1000
                    dataDir=%s
                    clientPort=%d
                    clientPortAddress=%s
                    admin.enableServer=false
                    """.formatted(directory.resolve("data"), port, HOST));
        return ShopProcesses.java("org.apache.zookeeper.server.ZooKeeperServerMain", config.toString());
    }

    RegistryAddress address() {
        return address;
    }

    /** Returns true if the demo started the registry, and so may kill it. */
    boolean owned() {
        return port != 0;
    }

    /** Starts the registry, also after {@link #kill}. */
    void start() throws IOException {
        child = processes.start(command, environment, _ -> {});
    }

    /**
     * Waits until the registry accepts connections.
     *
     * @throws CommandFailed if it ends instead, or takes too long
     */
    void awaitReady() throws InterruptedException {
        ChildProcess started = child;
        long end = System.nanoTime() + ShopInstance.START_MAX.toNanos();
        while (started != null && !listens()) {
            if (!started.alive() || System.nanoTime() - end > 0) {
                String output = String.join("\n", started.lastLines());
                throw new CommandFailed("the registry of the demo does not start: " + output
                        + (output.contains("etcd: not found") ? "; on Debian: apt-get install etcd-server" : ""));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private boolean listens() {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_TIMEOUT_MILLIS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Kills the registry with SIGKILL. Its files stay. */
    void kill() {
        ChildProcess running = child;
        if (running != null) {
            running.kill();
        }
    }
}
