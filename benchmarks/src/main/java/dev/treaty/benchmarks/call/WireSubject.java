package dev.treaty.benchmarks.call;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.http.HttpTransport;
import dev.treaty.http.HttpTransportOptions;
import java.time.Clock;
import org.jspecify.annotations.Nullable;

/** Treaty's server and transport alone, without guard, balancer and registry, with TLS or without. */
final class WireSubject implements Subject {
    private static final ServiceContract CONTRACT = ServiceContract.of(Echo.class);

    private final boolean tls;

    WireSubject(boolean tls) {
        this.tls = tls;
    }

    @Override
    public String name() {
        return tls ? "wire-tls" : "wire";
    }

    @Override
    public String about() {
        return "Treaty's HTTP/1.1 server and transport alone" + (tls ? ", with TLS" : "");
    }

    private @Nullable TransportSecurity security() {
        return tls ? new BenchmarkTls() : null;
    }

    @Override
    public Server serve() {
        var server = new HttpServer(
                HttpServerOptions.STANDARD, security(), AccessControl.OFF, Time.system(), RandomSource.system());
        server.host(new HostedService(
                CONTRACT,
                Dispatcher.of(Echo.class, CONTRACT, order -> order, (_, _) -> {}),
                () -> ServiceHealth.of(
                        ServiceHealth.Status.PASSING, Clock.systemUTC().instant())));
        return new Server() {
            @Override
            public int port() {
                return server.endpoint().port();
            }

            @Override
            public void close() {
                server.close();
            }
        };
    }

    @Override
    public Client connect(int port) {
        var transport = new HttpTransport(HttpTransportOptions.STANDARD, security(), TokenSource.NONE, Time.system());
        var endpoint = new ServiceEndpoint(tls ? "https" : "http", "127.0.0.1", port);
        var random = RandomSource.system();
        Echo echo = ServiceProxy.of(
                Echo.class,
                CONTRACT,
                transport.connect(endpoint, CONTRACT.name()),
                () -> CallContext.next(Principal.ANONYMOUS, Time.system(), random)
                        .within(Deadline.after(DEADLINE, Time.system())));
        return new Client() {
            @Override
            public Caller caller() {
                return message -> echo.echo(message.order()).equals(message.order());
            }

            @Override
            public void close() {
                transport.close();
            }
        };
    }
}
