package dev.treaty.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.ServedService;
import dev.treaty.Treaty;
import dev.treaty.cli.Command;
import dev.treaty.cli.Main;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UpCommandTest {
    /** A service of the tests. */
    @Contract(name = "test.Pids", version = "1.0.0")
    public interface Pids {
        /** The process that answers. */
        @Idempotent
        long pid();
    }

    /** Keeps it. */
    public static final class OwnPid implements Pids {
        @Override
        public long pid() {
            return ProcessHandle.current().pid();
        }
    }

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    /** The next line that contains one of these. */
    private String awaitLine(String... parts) throws InterruptedException {
        String line = "";
        while (Stream.of(parts).noneMatch(line::contains)) {
            String next = lines.poll(120, TimeUnit.SECONDS);
            assertThat(next).as("a line with %s", List.of(parts)).isNotNull();
            line = next;
        }
        return line;
    }

    @Test
    void everythingInTheFileRunsAndIsKeptRunning(@TempDir Path folder) throws Exception {
        try (Treaty elsewhere = Treaty.open()) { // knows nothing of the registry
            everythingRuns(folder, elsewhere.serve(Pids.class, new OwnPid()));
        }
    }

    private void everythingRuns(Path folder, ServedService legacy) throws Exception {
        var address = new RegistryAddress.Network("127.0.0.1", freePort());
        Path file = file(folder, address, legacy);
        try (ChildProcess up = ChildProcess.start(
                ChildProcess.java(
                        List.of(), ChildProcess.ownClassPath(), Main.class.getName(), List.of("up", file.toString())),
                Map.of(),
                lines::add)) {
            if (awaitLine("registry " + address, "no registry can be served").startsWith("treaty: no registry")) {
                everythingRuns(folder, legacy); // somebody has taken the port in the meantime
            } else {
                everythingRuns(up, address, legacy);
            }
        }
    }

    private static Path file(Path folder, RegistryAddress address, ServedService legacy) throws IOException {
        return Files.writeString(folder.resolve("treaty.yaml"), """
            registry: %s
            run:
              - contract: %s
                implementation: %s
                instances: 2
              - name: test.Legacy
                address: http://127.0.0.1:%d
                health: /-/health
            """.formatted(
                        address,
                        Pids.class.getName(),
                        OwnPid.class.getName(),
                        legacy.instance().endpoint().port()));
    }

    private void everythingRuns(ChildProcess up, RegistryAddress address, ServedService legacy) throws Exception {
        var settings = Settings.parse("test", "defaults: {deadline: 1m, attempt-timeout: 20s}", Map.of());
        try (Treaty treaty = Treaty.open(settings.withRegistry(address))) {
            awaitLine("serves test.Pids");
            awaitLine("serves test.Pids");

            long pid = pid(treaty);
            ProcessHandle child = ProcessHandle.of(pid).orElseThrow();
            assertThat(child.parent().map(ProcessHandle::pid)).contains(up.pid());
            child.destroyForcibly();
            awaitLine("starts again");
            awaitLine("serves test.Pids");
            assertThat(pid(treaty)).isNotEqualTo(pid);

            BlockingQueue<Status> health = new LinkedBlockingQueue<>();
            try (var _ = treaty.registry()
                    .watch(
                            new ServiceName("test.Legacy"),
                            (DiscoveryEvent event) ->
                                    health.add(event.instance().health().status()))) {
                awaitStatus(health, Status.PASSING);
                legacy.report(ServiceHealth.of(Status.CRITICAL, Instant.now()));
                awaitStatus(health, Status.CRITICAL);
            }

            List<ProcessHandle> children = up.children();
            assertThat(children).hasSizeGreaterThanOrEqualTo(2);
            up.terminate();
            up.exit().get(60, TimeUnit.SECONDS);
            assertThat(children).noneMatch(ProcessHandle::isAlive);
        }
    }

    /** Asks until somebody answers: a process says that it serves before the registry need have heard of it. */
    private static long pid(Treaty treaty) {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (true) {
            try {
                return treaty.client(Pids.class).pid();
            } catch (ServiceException e) {
                if (e.code() != Code.UNAVAILABLE || System.nanoTime() - end > 0) {
                    throw e;
                }
            }
        }
    }

    private static void awaitStatus(BlockingQueue<Status> health, Status wanted) throws InterruptedException {
        Status next = null;
        while (next != wanted) {
            next = health.poll(60, TimeUnit.SECONDS);
            assertThat(next).as("a status before %s", wanted).isNotNull();
        }
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    void aFileThatIsWrongIsToldWithItsLine(@TempDir Path folder) throws Exception {
        Path file =
                Files.writeString(folder.resolve("treaty.yaml"), "run:\n  - contract: a.B\n    implmentation: a.C\n");

        Command up = Command.run("up", file.toString());

        assertThat(up.exit()).isEqualTo(Main.USAGE);
        assertThat(up.err()).contains(file + ":3", "implmentation", "implementation");
    }

    @Test
    void aFileWithNothingToRunIsRefused(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("treaty.yaml"), "name: nothing\n");

        assertThat(Command.run("up", file.toString()).err()).contains("lists nothing to run");
        assertThat(Command.run("up", folder.resolve("none.yaml").toString()).err())
                .contains("none.yaml", "no such file");
    }
}
