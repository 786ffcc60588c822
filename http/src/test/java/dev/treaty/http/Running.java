package dev.treaty.http;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Cancellation;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.call.Trace;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A server with the shop, and a connection to it. */
public final class Running implements AutoCloseable {
    public static final ServiceContract CONTRACT = ServiceContract.of(Shop.class);

    final StoredShop shop = new StoredShop();
    public final List<Throwable> failures = new CopyOnWriteArrayList<>();
    final HttpServer server;
    final HttpTransport transport;
    public final Transport.Connection connection;

    public Running() {
        this(HttpServerOptions.STANDARD, HttpTransportOptions.STANDARD);
    }

    Running(HttpServerOptions serverOptions, HttpTransportOptions transportOptions) {
        this(serverOptions, transportOptions, null, null);
    }

    /** A server with a certificate, and a connection of a client with another one. */
    Running(
            HttpServerOptions serverOptions,
            HttpTransportOptions transportOptions,
            @Nullable TransportSecurity serverTls,
            @Nullable TransportSecurity clientTls) {
        server = new HttpServer(serverOptions, serverTls, AccessControl.OFF, Time.system(), RandomSource.system());
        host(Dispatcher.of(Shop.class, CONTRACT, shop, (_, failure) -> failures.add(failure)));
        transport = new HttpTransport(transportOptions, clientTls, TokenSource.NONE, Time.system());
        connection = transport.connect(server.endpoint(), CONTRACT.name());
    }

    public void host(Handler handler) {
        server.host(new HostedService(
                CONTRACT,
                handler,
                () -> ServiceHealth.of(
                        ServiceHealth.Status.PASSING, Time.system().instant())));
    }

    public Shop client() {
        return ServiceProxy.of(Shop.class, CONTRACT, connection, () -> context(Duration.ofMinutes(1)));
    }

    public static CallContext context(Duration timeout) {
        return context(timeout, Headers.NONE);
    }

    public static CallContext context(Duration timeout, Headers headers) {
        return new CallContext(
                Deadline.after(timeout, Time.system()),
                Principal.claimed("tests"),
                Trace.start(RandomSource.system()),
                1,
                Priority.NORMAL,
                false,
                headers,
                Headers.NONE,
                new DecisionRecord(),
                new Cancellation());
    }

    @Override
    public void close() {
        transport.close();
        server.close();
    }
}
