package dev.treaty.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.ServedService;
import dev.treaty.Treaty;
import dev.treaty.cli.Command;
import dev.treaty.cli.Main;
import dev.treaty.codec.Json;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class UpCommandTest {
    @Contract(name = "test.Pids", version = "1.0.0")
    public interface Pids {
        /** Returns the id of the process that answers. */
        @Idempotent
        long pid();
    }

    /** Implements the contract, and logs. */
    public static final class OwnPid implements Pids {
        @Override
        public long pid() {
            LoggerFactory.getLogger(OwnPid.class).info("asked for the process id");
            LoggerFactory.getLogger(OwnPid.class).debug("details");
            return ProcessHandle.current().pid();
        }
    }

    @Contract(name = "test.Relay", version = "1.0.0")
    public interface Relay {
        /** Returns the id of another process, with a prefix. */
        @Idempotent
        String relay();
    }

    /** A service that calls another service. */
    public static final class PidRelay implements Relay {
        private final Pids pids;

        public PidRelay(Treaty treaty) {
            this.pids = treaty.client(Pids.class);
        }

        @Override
        public String relay() {
            return "relayed " + pids.pid();
        }
    }

    /** A later version of {@code test.Pids} without its operation. */
    @Contract(name = "test.Pids", version = "1.1.0")
    public interface BreakingPids {
        /** Replaces the operation. */
        String name();
    }

    /** Implements the contract that the registry rejects. */
    public static final class BreakingPid implements BreakingPids {
        @Override
        public String name() {
            return "";
        }
    }

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    @TempDir
    private Path directory;

    /** Returns the next line that contains one of these texts. */
    private String awaitLine(String... parts) throws InterruptedException {
        String line = "";
        while (Stream.of(parts).noneMatch(line::contains)) {
            String next = lines.poll(120, TimeUnit.SECONDS);
            assertThat(next).as("a line with %s", List.of(parts)).isNotNull();
            line = next;
        }
        return line;
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("treaty.yaml"), text);
    }

    private static String entry(Class<?> contract, String implementation, String more) {
        return "  - {contract: %s, implementation: %s%s}\n".formatted(contract.getName(), implementation, more);
    }

    private ChildProcess up(String text, String... options) throws IOException {
        var arguments = new ArrayList<>(List.of("up", file(text).toString()));
        arguments.addAll(List.of(options));
        // A background job, which this JVM may be, ignores SIGINT, and its children would too.
        var command = new ArrayList<>(List.of("env", "--default-signal=INT"));
        command.addAll(ChildProcess.java(List.of(), ChildProcess.ownClassPath(), Main.class.getName(), arguments));
        return ChildProcess.start(command, Map.of(), lines::add);
    }

    @Test
    void services_run_restart_log_and_call_each_other() throws Exception {
        try (Treaty elsewhere = Treaty.open()) { // with a registry of its own
            runs(elsewhere.serve(Pids.class, new OwnPid()));
        }
    }

    private void runs(ServedService legacy) throws Exception {
        var address = new RegistryAddress.Network("127.0.0.1", freePort());
        String file = "registry: " + address + "\nrun:\n"
                + entry(Pids.class, OwnPid.class.getName(), ", instances: 2")
                + entry(Relay.class, PidRelay.class.getName(), "")
                + "  - {name: test.Legacy, address: 'http://127.0.0.1:%d', health: /-/health}\n"
                        .formatted(legacy.instance().endpoint().port());
        try (ChildProcess up = up(file)) {
            if (awaitLine("registry " + address, "cannot serve a registry").startsWith("treaty: ")) {
                runs(legacy); // the port was taken in the meantime
            } else {
                runs(up, address, legacy);
            }
        }
    }

    private void runs(ChildProcess up, RegistryAddress address, ServedService legacy) throws Exception {
        var settings = Settings.parse("test", "defaults: {deadline: 1m, attempt-timeout: 20s}", Map.of());
        try (Treaty treaty = Treaty.open(settings.withRegistry(address))) {
            for (int i = 0; i < 3; i++) {
                awaitLine("serves test.");
            }

            long pid = answer(() -> treaty.client(Pids.class).pid());
            assertThat(awaitLine("asked for the process id", "details")).matches("Pids-[12] .*INFO.*OwnPid.*");
            ProcessHandle child = ProcessHandle.of(pid).orElseThrow();
            assertThat(child.parent().map(ProcessHandle::pid)).contains(up.pid());
            assertThat(answer(() -> treaty.client(Relay.class).relay())).matches("relayed \\d+");

            child.destroyForcibly();
            awaitLine("ended with exit code 137; restarts in 500 ms");
            awaitLine("serves test.Pids");
            assertThat(answer(() -> treaty.client(Pids.class).pid())).isNotEqualTo(pid);

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

            interrupt(up);
        }
    }

    /** Sends SIGINT, as Ctrl-C does: all processes end, with one line. */
    private void interrupt(ChildProcess up) throws Exception {
        List<ProcessHandle> children =
                ProcessHandle.of(up.pid()).orElseThrow().children().toList();
        assertThat(children).hasSizeGreaterThanOrEqualTo(3);
        lines.clear();
        new ProcessBuilder("sh", "-c", "kill -INT " + up.pid()).start().waitFor();
        assertThat(up.exit().get(60, TimeUnit.SECONDS)).isEqualTo(130);
        for (ProcessHandle child : children) {
            child.onExit().get(60, TimeUnit.SECONDS);
        }
        assertThat(lines.stream().filter(line -> line.startsWith("treaty")))
                .singleElement()
                .asString()
                .endsWith("│ stopping 3 processes");
    }

    /** Calls until a service answers: it may be ready before this process's view of the registry has it. */
    private static <T> T answer(Supplier<T> call) {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (true) {
            try {
                return call.get();
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
    void what_runs_changes_with_the_file() throws Exception {
        try (Treaty registry = Treaty.open()) {
            registry.serveRegistry();
            String address = "treaty://" + registry.endpoint().orElseThrow().authority();
            String two = "run:\n" + entry(Pids.class, OwnPid.class.getName(), ", instances: 2");
            try (ChildProcess up = up(two, "--registry", address)) {
                awaitLine("serves test.Pids");
                awaitLine("serves test.Pids");

                file(two.replace("instances: 2", "instances: 3"));
                assertThat(awaitLine("serves test.Pids")).startsWith("Pids-3");

                file(two.replace("instances: 2", "instnces: 1"));
                awaitLine("the changed settings are refused, and what runs stays as it is");
                assertThat(awaitLine("did you mean")).contains("instances");

                file(two.replace("instances: 2", "instances: 1") + entry(Relay.class, PidRelay.class.getName(), ""));
                assertThat(awaitLine("stops ")).endsWith("stops Pids-2, Pids-3");
                awaitLine("serves test.Relay");
                assertThat(registry.registry().instances(new ServiceName("test.Pids")))
                        .hasSize(1);

                file("run:\n" + entry(Relay.class, PidRelay.class.getName(), ", jvm: [-Dx=y]"));
                awaitLine("serves test.Relay");
                assertThat(awaitLine("stops "))
                        .as("after the new one has started")
                        .endsWith("stops Pids-1, Relay-1");
                assertThat(up.alive()).isTrue();
            }
        }
    }

    @Test
    void services_that_cannot_start_end_the_command_with_one_line_each() throws Exception {
        try (Treaty registry = Treaty.open();
                var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            registry.serveRegistry();
            registry.serve(Pids.class, new OwnPid());
            String file = "run:\n"
                    + entry(Pids.class, "test.Missing", ", instances: 2")
                    + entry(Relay.class, PidRelay.class.getName(), ", port: " + taken.getLocalPort())
                    + entry(BreakingPids.class, BreakingPid.class.getName(), "");
            String address = "treaty://" + registry.endpoint().orElseThrow().authority();

            ChildProcess up = up(file, "--registry", address, "--json");

            assertThat(up.exit().get(120, TimeUnit.SECONDS)).isEqualTo(Main.USAGE);
            assertThat(lines).hasSize(1);
            String message = String.valueOf(((Map<?, ?>) Json.read(lines.take())).get("message"));
            assertThat(message.lines().toList())
                    .hasSize(3)
                    .anyMatch(line -> line.startsWith("Pids-1, Pids-2: class test.Missing was not found"))
                    .anyMatch(line -> line.startsWith("Relay-1: cannot listen at ") && line.contains("in use"))
                    .anyMatch(line -> line.startsWith("BreakingPids-1: ") && line.contains("breaks clients"));
        }
    }

    @Test
    void a_taken_registry_port_and_a_missing_class_path_are_reported() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String text = "registry: treaty://127.0.0.1:%d\nrun:\n".formatted(taken.getLocalPort());
            Path file = file(text + entry(Pids.class, OwnPid.class.getName(), ""));
            Command up = Command.run("up", file.toString());
            assertThat(up.exit()).isEqualTo(Main.USAGE);
            assertThat(up.err())
                    .contains("cannot serve a registry: cannot listen at", "registry: in " + file, "--registry")
                    .hasLineCount(1);
        }
        Path file = file("run:\n" + entry(Pids.class, OwnPid.class.getName(), ", class-path: [clases]"));
        Command up = Command.run("up", file.toString());
        assertThat(up.exit()).isEqualTo(Main.USAGE);
        assertThat(up.err())
                .contains("class-path has clases, but " + directory.resolve("clases") + " does not exist")
                .hasLineCount(1);
    }

    @Test
    void an_error_in_the_file_is_reported_with_its_line() throws Exception {
        Path file = file("run:\n  - contract: a.B\n    implmentation: a.C\n");

        Command up = Command.run("up", file.toString());

        assertThat(up.exit()).isEqualTo(Main.USAGE);
        assertThat(up.err()).contains(file + ":3", "implmentation", "implementation");
    }

    @Test
    void a_file_with_nothing_to_run_is_rejected() throws Exception {
        Path file = file("name: nothing\n");

        assertThat(Command.run("up", file.toString()).err()).contains("lists nothing to run");
        assertThat(Command.run("up", directory.resolve("none.yaml").toString()).err())
                .contains("none.yaml", "no such file");
    }
}
