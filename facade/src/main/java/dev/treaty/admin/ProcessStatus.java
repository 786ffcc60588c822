package dev.treaty.admin;

import dev.treaty.Introspection;
import dev.treaty.ServedService;
import dev.treaty.client.Callers;
import dev.treaty.client.Node;
import dev.treaty.client.ServiceCaller;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.observe.StatusReport;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.GuardStatistics;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Reports the status of a process: its metrics, its services, and the services that it calls. */
public record ProcessStatus(
        Supplier<StatusReport> metrics,
        Registry registry,
        Collection<ServedService> served,
        Callers callers,
        Supplier<ConfigurationStatus> configuration,
        Function<String, List<SettingStatus>> values)
        implements Introspection {
    @Override
    public Status status() {
        return new Status(
                metrics.get(),
                registry.address(),
                registry.problem(),
                served.stream().map(ProcessStatus::offered).toList(),
                callers.all().entrySet().stream()
                        .map(e -> called(e.getKey(), e.getValue()))
                        .toList(),
                Optional.of(configuration.get()));
    }

    @Override
    public List<SettingStatus> settings(String prefix) {
        return values.apply(prefix);
    }

    private static Offered offered(ServedService service) {
        ServiceInstance instance = service.instance();
        return new Offered(
                instance.service().value(),
                instance.version().toString(),
                instance.id(),
                lowerCase(service.health().status()),
                service.health().message());
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
        GuardStatistics statistics = guard.statistics();
        long excluded = nodes.stream().filter(n -> !n.exclusion().isEmpty()).count();
        return new GuardStatus(
                lowerCase(guard.tolerance().level()),
                excluded == 0 ? "passing" : excluded < nodes.size() ? "warning" : "critical",
                statistics.calls(),
                statistics.failed(),
                statistics.rateLimited() + statistics.concurrencyLimited() + statistics.throttled(),
                statistics.retries(),
                statistics.averageAttempts(),
                statistics.fallbacksServed(),
                statistics.fallbacksFailed(),
                guard.describe(),
                guard.warnings());
    }

    private static NodeStatus node(Node node, String exclusion) {
        ServiceInstance instance = node.instance();
        return new NodeStatus(
                instance.id(),
                instance.version().toString(),
                instance.endpoint().toString(),
                lowerCase(instance.health().status()),
                lowerCase(node.breaker().state()),
                node.load().inFlight(),
                exclusion);
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
