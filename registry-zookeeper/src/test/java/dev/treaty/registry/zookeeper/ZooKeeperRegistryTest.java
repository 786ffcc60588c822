package dev.treaty.registry.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.JsonInstances;
import dev.treaty.core.call.Principal;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.spi.RegistryProvider;
import dev.treaty.simulation.BackendConformance;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A registry in a real ZooKeeper server; each test has its own node. */
class ZooKeeperRegistryTest extends BackendConformance {
    private static final AtomicInteger TESTS = new AtomicInteger();
    private static TestingServer server;

    private final int test = TESTS.incrementAndGet();

    @BeforeAll
    static void start() throws Exception {
        server = new TestingServer();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Override
    protected Registry open(RegistryPolicy policy, Events events) {
        return open("zookeeper://" + server.getConnectString() + "/test-" + test, policy, events);
    }

    @Override
    protected void write(String path, String value) throws Exception {
        try (var client = CuratorFrameworkFactory.newClient(server.getConnectString(), new RetryOneTime(100))) {
            client.start();
            client.create()
                    .orSetData()
                    .creatingParentsIfNeeded()
                    .forPath("/test-" + test + "/" + path, value.getBytes(UTF_8));
        }
    }

    static RegistryProvider.RegistryContext context(RegistryPolicy policy, Events events) {
        return new RegistryProvider.RegistryContext(
                Principal.claimed("test"), policy, Time.system(), RandomSource.secure(), events, new JsonInstances());
    }

    /** Opens a client by the scheme of the address, as programs do. */
    static Registry open(String address, RegistryPolicy policy, Events events) {
        var provided = (RegistryAddress.Provided) RegistryAddress.parse(address);
        return RegistryProvider.of(provided.scheme()).orElseThrow().open(provided, context(policy, events));
    }
}
