package dev.treaty.simulation;

import dev.treaty.Platform;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Server;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A {@link Platform} without sockets, for tests of services and clients: servers listen in a {@link MemoryNetwork},
 * clocks are those of the given time, and random numbers come from a seed.
 *
 * <p>Every {@code Treaty} that is opened on platforms of one network can call the instances of the others. Messages are
 * passed as objects, so encoding and HTTP limits are not tested.
 */
public final class MemoryPlatform {
    private static final int FIRST_PORT = 10_000;

    private final MemoryNetwork network;
    private final Time time;
    private final AtomicInteger nextPort = new AtomicInteger(FIRST_PORT);

    /** Uses a network of its own. */
    public MemoryPlatform(Time time) {
        this.time = time;
        this.network = new MemoryNetwork(time);
    }

    /** The network, in which hosts can be crashed and frozen by the endpoints of their instances. */
    public MemoryNetwork network() {
        return network;
    }

    /** Returns the platform for one process of the test. */
    public Platform platform(long seed) {
        return new Platform(
                time,
                new Random(seed),
                new Random(~seed),
                (_, _) -> network,
                (_, _) -> new MemoryServer(),
                _ -> () -> {});
    }

    /** A server of the network, at a port of its own. It has no pages. */
    private final class MemoryServer implements Server {
        private final ServiceEndpoint endpoint = new ServiceEndpoint("http", "127.0.0.1", nextPort.getAndIncrement());
        private final Map<ServiceName, HostedService> services = new ConcurrentHashMap<>();

        MemoryServer() {
            network.host(endpoint, call -> {
                HostedService service = services.get(call.service());
                return service == null
                        ? ServiceResponse.failed(
                                Fault.unreached(Code.UNIMPLEMENTED, call.service() + " is not served at " + endpoint))
                        : service.handler().handle(call);
            });
        }

        @Override
        public ServiceEndpoint endpoint() {
            return endpoint;
        }

        @Override
        public void host(HostedService service) {
            services.put(service.contract().name(), service);
        }

        @Override
        public void withdraw(ServiceName service) {
            services.remove(service);
        }

        @Override
        public void page(String path, String contentType, Supplier<byte[]> body) {}

        @Override
        public void drain(Duration patience) {
            close();
        }

        @Override
        public void close() {
            network.crash(endpoint);
        }
    }
}
