package dev.treaty;

import dev.treaty.client.Node;
import dev.treaty.client.ServiceCaller;
import dev.treaty.codec.JsonCodec;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Server;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.observe.PrometheusExporter;
import dev.treaty.pipeline.Pipelines;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.GuardStatistics;
import dev.treaty.resilience.IsolationLevel;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a process offers beside its services: its status as a service and as a page, and metrics for Prometheus. */
final class AdminEndpoints implements Introspection, Control {
    private static final ServiceContract CONTRACT = ServiceContract.of(Introspection.class);
    private static final ServiceContract CONTROL = ServiceContract.of(Control.class);

    private final Treaty treaty;

    AdminEndpoints(Treaty treaty) {
        this.treaty = treaty;
    }

    void offer(Server server) {
        var dispatcher = Dispatcher.of(Introspection.class, CONTRACT, this, treaty::mistake);
        // Not observed: looking at the figures should not change them. Not limited: under load it is needed most.
        var handler =
                Pipelines.server(null, dispatcher, treaty.time(), Events.NONE).handler();
        server.host(new HostedService(
                CONTRACT,
                handler,
                () -> ServiceHealth.of(
                        ServiceHealth.Status.PASSING, treaty.time().instant())));
        if (onLoopback(treaty.settings().server().host())) { // what is listened at, whatever others call it
            server.host(new HostedService(
                    CONTROL,
                    Pipelines.server(
                                    null,
                                    Dispatcher.of(Control.class, CONTROL, this, treaty::mistake),
                                    treaty.time(),
                                    Events.NONE)
                            .handler(),
                    () -> ServiceHealth.of(
                            ServiceHealth.Status.PASSING, treaty.time().instant())));
        }
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

    private static boolean onLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    @Override
    public boolean level(String service, IsolationLevel level) {
        return treaty.guards()
                .find(service)
                .map(guard -> {
                    guard.level(level);
                    return true;
                })
                .orElse(false);
    }

    @Override
    public boolean reset(String service) {
        ServiceCaller caller = treaty.callers().get(new ServiceName(service));
        if (caller == null) {
            return false;
        }
        caller.reset();
        return true;
    }

    @Override
    public Introspection.Status status() {
        return new Introspection.Status(
                treaty.metrics().report(treaty.settings().name()),
                treaty.registry().address(),
                treaty.registry().problem(),
                treaty.hosted().stream().map(AdminEndpoints::offered).toList(),
                treaty.callers().entrySet().stream()
                        .map(e -> called(e.getKey(), e.getValue()))
                        .toList());
    }

    private static Offered offered(ServedService hosted) {
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
        Guard guard = caller.guard();
        return new Called(service.value(), guard.retryBudget().orElse(0.0), guard(guard, nodes), nodes);
    }

    private static GuardStatus guard(Guard guard, List<NodeStatus> nodes) {
        GuardStatistics counted = guard.statistics();
        long excluded = nodes.stream().filter(n -> !n.exclusion().isEmpty()).count();
        return new GuardStatus(
                small(guard.tolerance().level()),
                excluded == 0 ? "passing" : excluded < nodes.size() ? "warning" : "critical",
                counted.calls(),
                counted.failed(),
                counted.rateLimited() + counted.concurrencyLimited() + counted.throttled(),
                counted.retries(),
                counted.averageAttempts(),
                counted.fallbacksServed(),
                counted.fallbacksFailed(),
                guard.describe(),
                guard.warnings());
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
