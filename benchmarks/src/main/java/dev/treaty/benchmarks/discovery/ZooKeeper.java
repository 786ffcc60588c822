package dev.treaty.benchmarks.discovery;

import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;

/** A ZooKeeper of one server within the process, for the subjects that use one. */
abstract class ZooKeeper implements Subject {
    /** By default, a server accepts sixty connections of one address. */
    private static final int CONNECTIONS_MAX = 10_000;

    /** A client of the ZooKeeper at that address. */
    abstract Client client(String address) throws IOException;

    @Override
    public final Running start() throws IOException {
        TestingServer server;
        try {
            server = new TestingServer(new InstanceSpec(null, -1, -1, -1, true, -1, -1, CONNECTIONS_MAX), true);
        } catch (Exception e) { // whatever it says it throws
            throw new IOException("ZooKeeper does not start: " + e.getMessage(), e);
        }
        return new Running() {
            @Override
            public Client client() throws IOException {
                return ZooKeeper.this.client(server.getConnectString());
            }

            @Override
            public Optional<RegistryAddress> address() {
                return Optional.of(new RegistryAddress.Provided("zookeeper", "//" + server.getConnectString()));
            }

            @Override
            public OptionalLong memoryBytes() {
                return OptionalLong.of(Heap.usedBytes());
            }

            @Override
            public void close() throws IOException {
                server.close();
            }
        };
    }
}
