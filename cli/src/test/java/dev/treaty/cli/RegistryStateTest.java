package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.http.Json;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.Lease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry in a process of its own, which is killed. */
class RegistryStateTest {
    private static final String TOKEN = "a-token-of-mine";

    /** Less than an instance takes in a log, and more than an empty log. */
    private static final long INSTANCE_BYTES_MIN = 100;

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private Child start(Path data) throws Exception {
        return Child.start(
                Child.java(
                        List.of(),
                        Child.ownClassPath(),
                        Main.class.getName(),
                        List.of("registry", "--port", "0", "--json", "--data", data.toString())),
                Map.of(),
                lines::add);
    }

    private ServiceEndpoint endpoint() throws InterruptedException {
        String line = String.valueOf(lines.poll(60, TimeUnit.SECONDS));
        String address = (String) ((Map<?, ?>) Json.read(line)).get("registry");
        return ((RegistryAddress.Network) RegistryAddress.parse(address)).endpoint();
    }

    /** Changes are written a moment after they happened. */
    private static void awaitWritten(Path data) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (logBytes(data) < INSTANCE_BYTES_MIN) {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds over the time to wait")
                    .isNegative();
            Thread.onSpinWait();
        }
    }

    private static long logBytes(Path data) throws IOException {
        try (var files = Files.list(data)) {
            return files.filter(f -> f.getFileName().toString().startsWith("log-"))
                    .mapToLong(f -> f.toFile().length())
                    .sum();
        }
    }

    @Test
    void itsStateOutlivesIt(@TempDir Path data) throws Exception {
        var instance = ServiceInstance.of(
                "orders-1",
                new ServiceName("shop.Orders"),
                new Version(1, 0, 0),
                new ServiceEndpoint("http", "127.0.0.1", 8080),
                Instant.parse("2026-01-01T00:00:00Z"));
        try (Treaty treaty = Treaty.open(Settings.DEFAULTS)) {
            try (Child first = start(data);
                    var direct = treaty.direct(RegistryProtocol.class, endpoint())) {
                direct.client().register(Instance.of(instance), TOKEN, 60_000);
                Command taken = Command.run("registry", "--port", "0", "--data", data.toString());
                assertThat(taken.exit()).isEqualTo(Main.FAILED);
                assertThat(taken.err()).contains("is in use by another registry");
                awaitWritten(data);
                first.kill();
                first.exit().get(20, TimeUnit.SECONDS);
            }
            try (Child _ = start(data);
                    var direct = treaty.direct(RegistryProtocol.class, endpoint())) {
                assertThat(direct.client().instances("shop.Orders", "", 10))
                        .extracting(Instance::id)
                        .containsExactly("orders-1");
                assertThat(direct.client()
                                .renew(List.of(new Lease("orders-1", TOKEN)))
                                .unknown())
                        .as("the lease is known, and who has it")
                        .isEmpty();
            }
        }
    }
}
