package dev.treaty.registry.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.simulation.WatchRecorder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Passwords. */
class ZooKeeperAccessTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");

    @TempDir
    Path directory;

    @Test
    void what_is_written_with_a_password_is_for_those_who_have_it() throws Exception {
        Path right = Files.writeString(directory.resolve("right"), "correct-horse\n");
        Path wrong = Files.writeString(directory.resolve("wrong"), "battery-staple\n");
        try (var server = new TestingServer()) {
            String address = "zookeeper://" + server.getConnectString() + "/access?user=shop&password-file=";
            try (var known = ZooKeeperRegistryTest.open(address + right, ZooKeeperRegistryTest.PATIENT, Events.NONE);
                    var unknown = ZooKeeperRegistryTest.open(address + wrong, RegistryPolicy.STANDARD, Events.NONE)) {
                known.register(ServiceInstance.of(
                        "o", ORDERS, new Version(1, 0, 0), new ServiceEndpoint("http", "127.0.0.1", 1), Instant.EPOCH));
                assertThat(known.instances(ORDERS)).hasSize(1);
                assertThat(unknown.instances(ORDERS)).isEmpty();
                long end = System.nanoTime() + WatchRecorder.PATIENCE.toNanos();
                while (unknown.trouble().isEmpty()) {
                    assertThat(System.nanoTime() - end).isNegative();
                    LockSupport.parkNanos(1_000_000);
                }
                assertThat(unknown.trouble().orElseThrow())
                        .contains("does not let us use")
                        .doesNotContain("battery-staple");
            }
        }
    }
}
