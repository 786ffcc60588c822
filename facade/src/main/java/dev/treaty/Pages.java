package dev.treaty;

import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Server;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.http.JsonCodec;
import dev.treaty.observe.PrometheusExporter;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a process offers beside its services: its status as a service and as a page, and metrics for Prometheus. */
final class Pages implements Introspection {
    private static final ServiceContract CONTRACT = ServiceContract.of(Introspection.class);

    private final Treaty treaty;

    Pages(Treaty treaty) {
        this.treaty = treaty;
    }

    void offer(Server server) {
        var dispatcher = Dispatcher.of(Introspection.class, CONTRACT, this, treaty::mistake);
        // Not observed: looking at the figures should not change them.
        var handler = Pipelines.server(dispatcher, treaty.time(), Events.NONE).handler();
        server.host(new HostedService(
                CONTRACT,
                handler,
                () -> ServiceHealth.of(
                        ServiceHealth.Status.PASSING, treaty.time().instant())));
        Operation operation = CONTRACT.operation("status").orElseThrow();
        var codec = new JsonCodec(CONTRACT.name(), operation);
        server.page("/-/status", "application/json", () -> {
            var body = new ByteArrayOutputStream();
            codec.writeResponse(status(), body);
            return body.toByteArray();
        });
        server.page(
                "/-/metrics",
                PrometheusExporter.CONTENT_TYPE,
                () -> treaty.prometheus().scrape().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Introspection.Status status() {
        return new Introspection.Status(
                treaty.metrics().report(treaty.settings().name()),
                treaty.registry().address(),
                treaty.registry().trouble(),
                treaty.hosted().stream().map(Pages::offered).toList(),
                treaty.callers().entrySet().stream()
                        .map(e -> called(e.getKey(), e.getValue()))
                        .toList());
    }

    private static Offered offered(Hosted hosted) {
        ServiceInstance instance = hosted.instance();
        return new Offered(
                instance.service().value(),
                instance.version().toString(),
                instance.id(),
                small(hosted.health().status()),
                hosted.health().message());
    }

    private static Called called(ServiceName service, ServiceCaller caller) {
        Map<String, String> exclusions = caller.nodes().exclusions();
        List<NodeStatus> nodes = caller.nodes().list().stream()
                .map(node -> node(node, exclusions.getOrDefault(node.instance().id(), "")))
                .toList();
        return new Called(service.value(), caller.guard().retryBudget().orElse(0.0), nodes);
    }

    private static NodeStatus node(Node node, String exclusion) {
        ServiceInstance instance = node.instance();
        return new NodeStatus(
                instance.id(),
                instance.version().toString(),
                instance.endpoint().toString(),
                small(instance.health().status()),
                small(node.breaker().state()),
                node.load().inFlight(),
                exclusion);
    }

    private static String small(Enum<?> word) {
        return word.name().toLowerCase(Locale.ROOT);
    }
}
