package dev.treaty.admin;

import dev.treaty.Control;
import dev.treaty.Introspection;
import dev.treaty.codec.JsonCodec;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Server;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.observe.PrometheusExporter;
import dev.treaty.pipeline.Pipelines;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;

/**
 * Hosts what operators read and change in a process: {@link Introspection} as a service and as the page {@code
 * /-/status}, metrics for Prometheus, and {@link Control} for its own user if the process listens on loopback only.
 */
public final class AdminEndpoints {
    private final Introspection introspection;
    private final Control control;
    private final PrometheusExporter prometheus;
    private final Time time;
    private final BiConsumer<Call, Throwable> failures;

    /** @param failures receives exceptions of the implementations */
    public AdminEndpoints(
            Introspection introspection,
            Control control,
            PrometheusExporter prometheus,
            Time time,
            BiConsumer<Call, Throwable> failures) {
        this.introspection = introspection;
        this.control = control;
        this.prometheus = prometheus;
        this.time = time;
        this.failures = failures;
    }

    /**
     * Hosts the endpoints.
     *
     * @param host the address that the server listens on
     */
    public void host(Server server, String host) {
        ServiceContract contract = host(server, Introspection.class, introspection, (call, next) -> next.handle(call));
        if (isLoopback(host)) {
            host(server, Control.class, control, ControlSecret.ofUser().filter(server.endpoint()));
        }
        var codec = new JsonCodec(contract.name(), contract.operation("status").orElseThrow());
        server.page("/-/status", "application/json", () -> {
            var body = new ByteArrayOutputStream();
            codec.writeResponse(introspection.status(), body);
            return body.toByteArray();
        });
        server.page(
                "/-/metrics",
                PrometheusExporter.CONTENT_TYPE,
                () -> prometheus.scrape().getBytes(StandardCharsets.UTF_8));
    }

    private <T> ServiceContract host(Server server, Class<T> type, T implementation, Filter filter) {
        var contract = ServiceContract.of(type);
        var dispatcher = Dispatcher.of(type, contract, implementation, failures);
        // Without events, so that reading metrics does not change them; without limits, since it is needed under load.
        var handler =
                Pipelines.server(filter.around(dispatcher), time, Events.NONE).handler();
        server.host(new HostedService(
                contract, handler, () -> ServiceHealth.of(ServiceHealth.Status.PASSING, time.instant())));
        return contract;
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
