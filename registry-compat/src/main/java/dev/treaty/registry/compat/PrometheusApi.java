package dev.treaty.registry.compat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceDiscovery;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.http.RawHandler;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Lists the targets that Prometheus scrapes, in the format of its <a
 * href="https://prometheus.io/docs/prometheus/latest/http_sd/">HTTP service discovery</a>: each process once, with any
 * number of services, at {@value #METRICS_PATH}.
 *
 * <p>A target has these labels for relabelling: {@code __meta_treaty_services} (with commas between and around them),
 * {@code __meta_treaty_instances}, {@code __meta_treaty_region}, {@code __meta_treaty_zone}, {@code
 * __meta_treaty_version} and {@code __meta_treaty_health}.
 */
public final class PrometheusApi implements RawHandler {
    /** The path of the metrics of a Treaty process. */
    public static final String METRICS_PATH = "/-/metrics";

    /** The most targets that are listed. */
    public static final int TARGETS_MAX = 50_000;

    private final ServiceDiscovery discovery;

    /** Creates the API of a registry. */
    public PrometheusApi(ServiceDiscovery discovery) {
        this.discovery = discovery;
    }

    @Override
    public Answer answer(Request request) {
        if (!request.method().equals("GET")) {
            return Answer.text(405, "use GET to read the targets");
        }
        var byEndpoint = new LinkedHashMap<ServiceEndpoint, List<ServiceInstance>>();
        for (ServiceName service : discovery.services()) {
            for (ServiceInstance instance : discovery.instances(service)) {
                if (byEndpoint.size() < TARGETS_MAX || byEndpoint.containsKey(instance.endpoint())) {
                    byEndpoint
                            .computeIfAbsent(instance.endpoint(), _ -> new ArrayList<>())
                            .add(instance);
                }
            }
        }
        var groups = new ArrayList<Map<String, Object>>();
        byEndpoint.forEach((endpoint, instances) ->
                groups.add(Map.of("targets", List.of(endpoint.authority()), "labels", labels(endpoint, instances))));
        return Answer.json(groups);
    }

    private static Map<String, String> labels(ServiceEndpoint endpoint, List<ServiceInstance> instances) {
        ServiceInstance first = instances.getFirst();
        var labels = new TreeMap<String, String>();
        labels.put("__scheme__", endpoint.protocol());
        labels.put("__metrics_path__", METRICS_PATH);
        labels.put(
                "__meta_treaty_services",
                joined(instances, each -> each.service().value()));
        labels.put("__meta_treaty_instances", joined(instances, ServiceInstance::id));
        labels.put("__meta_treaty_region", first.region());
        labels.put("__meta_treaty_zone", first.zone());
        labels.put("__meta_treaty_version", first.version().toString());
        labels.put("__meta_treaty_health", first.health().status().name().toLowerCase(Locale.ROOT));
        return labels;
    }

    /** Joins names with a comma at both ends, so that a pattern can match a whole name. */
    private static String joined(List<ServiceInstance> instances, Function<ServiceInstance, String> name) {
        return instances.stream().map(name).distinct().sorted().collect(Collectors.joining(",", ",", ","));
    }
}
