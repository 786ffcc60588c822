package dev.treaty.benchmarks.discovery;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.util.Optional;
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
        return new Served();
    }

    /** The same, watched by plain sockets instead of Treaty's clients. */
    Running startForSockets() {
        var served = new Served();
        Client registrant = served.client();
        return new Running() {
            @Override
            public Client client() throws IOException {
                return new BareClient(served.endpoint(), registrant);
            }

            @Override
            public Optional<RegistryAddress> address() {
                return served.address();
            }

            @Override
            public OptionalLong memoryBytes() {
                return served.memoryBytes();
            }

            @Override
            public void close() throws IOException {
                registrant.close();
                served.close();
            }
        };
    }

    private static final class Served implements Running {
        private final Treaty server = Treaty.open(Settings.DEFAULTS);

        Served() {
            server.serveRegistry();
        }

        ServiceEndpoint endpoint() {
            return server.endpoint().orElseThrow();
        }

        @Override
        public Client client() {
            return RegistryClient.of(
                    new RegistryAddress.Network("127.0.0.1", endpoint().port()));
        }

        @Override
        public Optional<RegistryAddress> address() {
            return Optional.of(
                    new RegistryAddress.Network("127.0.0.1", endpoint().port()));
        }

        @Override
        public OptionalLong memoryBytes() {
            return OptionalLong.of(Heap.usedBytes());
        }

        @Override
        public void close() {
            server.close();
        }
    }
}
