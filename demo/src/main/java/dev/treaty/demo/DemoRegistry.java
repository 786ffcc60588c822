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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The registry of a demo: a process that the demo starts, kills and restarts, or a registry that already runs. */
final class DemoRegistry {
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
    private volatile @Nullable ChildProcess child;

    private DemoRegistry(ProcessGroup processes, RegistryAddress address, int port) {
        this.processes = processes;
        this.address = address;
        this.port = port;
    }

    /**
     * Starts the registry unless it already runs. It can be used once {@link #awaitReady} has returned.
     *
     * @param existing the address of a registry that runs; null to start one
     */
    static DemoRegistry start(@Nullable RegistryAddress existing, ProcessGroup processes) throws IOException {
        if (existing != null) {
            return new DemoRegistry(processes, existing, 0);
        }
        int port = freePort();
        var registry = new DemoRegistry(processes, new RegistryAddress.Network(HOST, port), port);
        registry.start();
        return registry;
    }

    private static int freePort() throws IOException {
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
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
        var command = new ArrayList<>(List.of("sh", "-c", KILLED_WITH_PARENT, "sh"));
        command.addAll(ShopProcesses.java(Main.class.getName(), "registry", "--port", Integer.toString(port)));
        child = processes.start(command, Map.of(), _ -> {});
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
                throw new CommandFailed("the registry of the demo does not start: " + output);
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
