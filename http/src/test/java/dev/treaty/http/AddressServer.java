package dev.treaty.http;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A server whose handler returns the address of its client. */
final class AddressServer implements AutoCloseable {
    static final ServiceContract CONTRACT = ServiceContract.of(Addresses.class);

    /** The path of the operation. */
    static final String PATH = "/test.Addresses/mine";

    /** Tells clients their addresses. */
    @Contract(name = "test.Addresses", version = "1.0.0")
    public interface Addresses {
        /** Returns the address of the caller, or {@code none}. */
        String mine();
    }

    final HttpServer server;

    /** How many calls have reached the handler. */
    final AtomicInteger calls = new AtomicInteger();

    AddressServer(HttpServerOptions options, String... trusted) {
        List<AddressRange> ranges = Stream.of(trusted).map(AddressRange::of).toList();
        server = new HttpServer(options.trustedProxies(ranges), Time.system(), RandomSource.system());
        server.host(new HostedService(
                CONTRACT,
                Dispatcher.of(Addresses.class, CONTRACT, this::mine, (_, _) -> {}),
                () -> ServiceHealth.of(
                        ServiceHealth.Status.PASSING, Time.system().instant())));
    }

    private String mine() {
        calls.incrementAndGet();
        return CallContext.current()
                .flatMap(CallContext::clientAddress)
                .map(InetAddress::getHostAddress)
                .orElse("none");
    }

    /** Closes the server, which waits for its calls, and returns how many have reached the handler. */
    int callsUntilEnd() {
        server.close();
        return calls.get();
    }

    int port() {
        return server.endpoint().port();
    }

    @Override
    public void close() {
        server.close();
    }
}
