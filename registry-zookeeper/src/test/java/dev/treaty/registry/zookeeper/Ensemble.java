package dev.treaty.registry.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.simulation.Polling;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Three ZooKeeper servers in processes of their own, on free loopback ports. */
final class Ensemble implements AutoCloseable {
    private static final int SIZE = 3;

    private final Path directory;
    private final List<Integer> ports = freePorts();
    private final List<Process> processes = new ArrayList<>();

    private Ensemble(Path directory) {
        this.directory = directory;
    }

    static Ensemble start(Path directory) throws IOException {
        var ensemble = new Ensemble(directory);
        for (int i = 0; i < SIZE; i++) {
            ensemble.processes.add(ensemble.startProcess(i));
        }
        ensemble.leader(); // so that all requests are answered
        return ensemble;
    }

    /** A port for clients and two for each server. */
    private static List<Integer> freePorts() {
        var sockets = new ArrayList<ServerSocket>();
        try {
            for (int i = 0; i < 3 * SIZE; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            var ports = sockets.stream().map(ServerSocket::getLocalPort).toList();
            for (ServerSocket each : sockets) {
                each.close();
            }
            return ports;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Process startProcess(int member) throws IOException {
        var config = new StringBuilder("""
            tickTime=500
            initLimit=20
            syncLimit=10
            dataDir=%s
            clientPort=%d
            clientPortAddress=127.0.0.1
            admin.enableServer=false
            4lw.commands.whitelist=srvr
            """.formatted(directory.resolve("data" + member), ports.get(member)));
        for (int i = 0; i < SIZE; i++) {
            config.append(
                    "server.%d=127.0.0.1:%d:%d%n".formatted(i, ports.get(SIZE + 2 * i), ports.get(SIZE + 2 * i + 1)));
        }
        Files.createDirectories(directory.resolve("data" + member));
        Files.writeString(directory.resolve("data" + member).resolve("myid"), String.valueOf(member));
        Path file = Files.writeString(directory.resolve("zoo" + member + ".cfg"), config);
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                        file.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log" + member).toFile())
                .start();
    }

    private boolean leads(int member) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), ports.get(member))) {
            socket.setSoTimeout(2_000);
            socket.getOutputStream().write("srvr".getBytes(UTF_8));
            return new String(socket.getInputStream().readAllBytes(), UTF_8).contains("Mode: leader");
        } catch (IOException e) {
            return false;
        }
    }

    /** Waits until there is a leader. */
    int leader() {
        var found = new ArrayList<Integer>();
        Polling.until(() -> {
            for (int i = 0; i < SIZE; i++) {
                if (leads(i)) {
                    found.add(i);
                }
            }
            return !found.isEmpty();
        });
        return found.getFirst();
    }

    /** Stops a server as a crash does. */
    void kill(int member) {
        processes.get(member).destroyForcibly();
        processes.get(member).onExit().join();
    }

    void restart(int member) throws IOException {
        processes.set(member, startProcess(member));
    }

    String address(String path) {
        return ports.subList(0, SIZE).stream()
                .map(port -> "127.0.0.1:" + port)
                .collect(Collectors.joining(",", "zookeeper://", "/" + path));
    }

    @Override
    public void close() {
        for (int i = 0; i < SIZE; i++) {
            kill(i);
        }
    }
}
