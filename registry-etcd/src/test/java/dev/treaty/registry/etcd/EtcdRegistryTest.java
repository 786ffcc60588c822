package dev.treaty.registry.etcd;

import dev.treaty.core.discovery.Registry;
import dev.treaty.core.event.Events;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.simulation.BackendConformance;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A registry in a real etcd; each test has its own prefix. */
class EtcdRegistryTest extends BackendConformance {
    private static final AtomicInteger TESTS = new AtomicInteger();
    private static Etcd etcd;

    private final String root = "test-" + TESTS.incrementAndGet();

    @BeforeAll
    static void start() {
        etcd = Etcd.start(1);
    }

    @AfterAll
    static void stop() {
        etcd.close();
    }

    @Override
    protected Registry open(RegistryPolicy policy, Events events) {
        return Etcd.open(etcd.address(root), policy, events);
    }

    @Override
    protected void write(String path, String value) throws Exception {
        try (var client = etcd.client()) {
            client.getKVClient()
                    .put(EtcdBackend.bytes("/" + root + "/" + path), EtcdBackend.bytes(value))
                    .get();
        }
    }
}
