package dev.treaty.benchmarks.discovery;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.registry.RegistryAddress;
import java.util.OptionalLong;

/** Treaty's own registry, served over HTTP on loopback. */
final class TreatyRegistrySubject implements Subject {
    @Override
    public String name() {
        return "treaty";
    }

    @Override
    public String about() {
        return "Treaty's networked registry with its defaults, in the process that measures, over HTTP/1.1 on loopback";
    }

    @Override
    public Running start() {
        Treaty server = Treaty.open(Settings.DEFAULTS);
        server.serveRegistry();
        int port = server.endpoint().orElseThrow().port();
        return new Running() {
            @Override
            public Client client() {
                return RegistryClient.of(new RegistryAddress.Network("127.0.0.1", port));
            }

            @Override
            public OptionalLong memoryBytes() {
                return OptionalLong.of(Heap.usedBytes());
            }

            @Override
            public void close() {
                server.close();
            }
        };
    }
}
