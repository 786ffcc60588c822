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
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.Guards;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Hosts what operators read and change in a process: {@link Introspection} as a service and as the page {@code
 * /-/status}, metrics for Prometheus, and {@link Control}: for operators if security is on, otherwise for the user of
 * the process, if it listens on loopback only.
 *
 * @param guards changed by {@link Control}
 * @param failures receives exceptions of the implementations
 */
public record AdminEndpoints(
        Introspection introspection,
        Guards guards,
        PrometheusExporter prometheus,
        Time time,
        BiConsumer<Call, Throwable> failures) {
    /**
     * Hosts the endpoints.
     *
     * @param host the address that the server listens on
     * @param secured whether the server decides who may call them
     */
    public void host(Server server, String host, boolean secured) {
        Filter open = (call, next) -> next.handle(call);
        ServiceContract contract = host(server, Introspection.class, introspection, open);
        if (secured || isLoopback(host)) {
            Filter filter = secured ? open : ControlSecret.ofUser().filter(server.endpoint());
            host(server, Control.class, new GuardControl(), filter);
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

    /** Resets the guards while calls run. */
    private final class GuardControl implements Control {
        @Override
        public boolean reset(String service) {
            return change(service, Guard::reset);
        }

        private boolean change(String service, Consumer<Guard> change) {
            Optional<Guard> guard = guards.find(service);
            guard.ifPresent(change);
            return guard.isPresent();
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
