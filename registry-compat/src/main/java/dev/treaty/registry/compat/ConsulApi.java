package dev.treaty.registry.compat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.time.Time;
import dev.treaty.http.RawHandler;
import dev.treaty.registry.spi.Store;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Answers as a Consul agent does: {@code /v1/health/service/:name}, {@code /v1/catalog/services}, {@code
 * /v1/catalog/service/:name}, {@code /v1/catalog/nodes}, {@code /v1/catalog/datacenters}, {@code /v1/agent/self},
 * {@code /v1/agent/services}, {@code /v1/status/leader}, {@code /v1/agent/service/register}, {@code deregister/:id} and
 * {@code maintenance/:id}, and {@code /v1/agent/check/pass|warn|fail|update/:id} for checks with a TTL. Everything else
 * of Consul's API is answered with 404 and a sentence.
 *
 * <p>Reading blocks as Consul's does: with {@code index} and {@code wait}, an answer comes when something has changed
 * since that index. Tags are the metadata {@code tags}, with commas between them.
 *
 * <p>Clients of Consul register once and expect the agent to remember. With a {@link Store}, what they registered is
 * registered again when the next door is opened with it; without one, it is forgotten with the registry.
 */
public final class ConsulApi implements RawHandler, AutoCloseable {
    /** The most queries that wait at a time; one more is refused. */
    public static final int WAITING_MAX = 1_000;

    /** How long a query waits where it does not say. */
    private static final Duration WAIT = Duration.ofMinutes(5);

    /** The longest that a query waits. */
    private static final Duration WAIT_MAX = Duration.ofMinutes(10);

    private static final String DATACENTER = "dc1";
    private static final String NODE = "treaty";

    private final Registry registry;
    private final ConsulIndexes indexes;
    private final ConsulAgent agent;
    private final Semaphore waiting = new Semaphore(WAITING_MAX);

    /** A door to that registry, where what registers here is registered, and kept nowhere else. */
    public ConsulApi(Registry registry, Time time) {
        this.registry = registry;
        this.indexes = new ConsulIndexes(registry, time);
        this.agent = new ConsulAgent(registry, time, new ConsulFiles(Optional.empty()));
    }

    /**
     * A door to that registry, where what registers here is registered, and kept in a store: the instances with what
     * their checks last said, and whether they are in maintenance. What is in the store is registered at once. Checks
     * then have the whole of their TTL to pass.
     *
     * @param store has nothing else in it, and is closed with this
     * @throws IOException where what is in the store cannot be read or registered; the message names the file
     */
    public ConsulApi(Registry registry, Time time, Store store) throws IOException {
        this.registry = registry;
        this.indexes = new ConsulIndexes(registry, time);
        this.agent = new ConsulAgent(registry, time, new ConsulFiles(Optional.of(store)));
        agent.restore();
    }

    @Override
    public Answer answer(Request request) throws InterruptedException {
        String path = request.path();
        if (request.method().equals("PUT") && path.startsWith("/v1/agent/")) {
            return agent.answer(request);
        }
        if (!request.method().equals("GET")) {
            return Answer.text(405, "method " + request.method() + " not allowed");
        }
        Optional<String> health = after(path, "/v1/health/service/");
        if (health.isPresent()) {
            boolean passing =
                    request.parameter("passing").filter(p -> !p.equals("false")).isPresent();
            return instances(request, health.get(), instance -> !passing || wellEnough(instance), this::checked);
        }
        Optional<String> catalog = after(path, "/v1/catalog/service/");
        if (catalog.isPresent()) {
            return instances(request, catalog.get(), _ -> true, this::listed);
        }
        return switch (path) {
            case "/v1/catalog/services" -> blocking(request, indexes::services, this::services);
            case "/v1/catalog/datacenters" -> Answer.json(List.of(DATACENTER));
            case "/v1/catalog/nodes" -> Answer.json(List.of(node()));
            case "/v1/agent/services" -> Answer.json(agent.services());
            case "/v1/agent/self" -> Answer.json(Map.of("Config", self(), "Member", Map.of("Name", NODE)));
            case "/v1/status/leader" -> Answer.json("127.0.0.1:8300");
            default ->
                Answer.text(
                        404, "this is not Consul but a door to a registry of Treaty, which has no " + request.path());
        };
    }

    private static Optional<String> after(String path, String prefix) {
        return path.startsWith(prefix) && path.length() > prefix.length()
                ? Optional.of(path.substring(prefix.length()))
                : Optional.empty();
    }

    /** Consul's {@code passing}: every check is; it leaves those with a warning out, which Treaty calls. */
    private static boolean wellEnough(ServiceInstance instance) {
        Status status = instance.health().status();
        return status == Status.PASSING || status == Status.UNKNOWN;
    }

    private Answer instances(
            Request request,
            String name,
            Predicate<ServiceInstance> which,
            Function<ServiceInstance, Map<String, Object>> form)
            throws InterruptedException {
        ServiceName service;
        try {
            service = new ServiceName(name);
        } catch (IllegalArgumentException e) {
            return Answer.json(List.of()).withHeaders(headers(1)); // Consul takes any name, and knows nobody of that
        }
        String tag = request.parameter("tag").orElse("");
        return blocking(
                request,
                () -> indexes.of(service),
                () -> registry.instances(service).stream()
                        .filter(which)
                        .filter(instance ->
                                tag.isEmpty() || ConsulAgent.tags(instance).contains(tag))
                        .map(form)
                        .toList());
    }

    private Answer blocking(Request request, LongSupplier index, Supplier<Object> body) throws InterruptedException {
        long seen;
        long wait;
        try {
            seen = request.parameter("index").map(Long::parseLong).orElse(0L);
            wait = request.parameter("wait")
                    .map(ConsulApi::duration)
                    .orElse(WAIT)
                    .toNanos();
        } catch (IllegalArgumentException e) {
            return Answer.text(400, "Invalid index or wait: write index=42 and wait=5m");
        }
        if (seen > 0 && index.getAsLong() == seen) {
            if (!waiting.tryAcquire()) {
                return Answer.text(429, WAITING_MAX + " queries wait already: try again later");
            }
            try {
                indexes.await(index, seen, Math.min(wait == 0 ? WAIT.toNanos() : wait, WAIT_MAX.toNanos()));
            } finally {
                waiting.release();
            }
        }
        long now = index.getAsLong(); // first, so that what changes meanwhile is asked for once more rather than missed
        return Answer.json(body.get()).withHeaders(headers(now));
    }

    private static Map<String, String> headers(long index) {
        return Map.of(
                "X-Consul-Index", String.valueOf(index), "X-Consul-KnownLeader", "true", "X-Consul-LastContact", "0");
    }

    /** As Go writes them: {@code 10s}, {@code 5m}, {@code 1m30s}; a number alone is seconds. */
    static Duration duration(String text) {
        if (!text.isEmpty() && text.chars().allMatch(Character::isDigit)) {
            return Duration.ofSeconds(Long.parseLong(text));
        }
        var match = Pattern.compile("(\\d{1,9})(ms|h|m|s)").matcher(text);
        Duration sum = Duration.ZERO;
        int end = 0;
        while (match.find() && match.start() == end) {
            end = match.end();
            long number = Long.parseLong(match.group(1));
            sum = sum.plus(
                    switch (match.group(2)) {
                        case "ms" -> Duration.ofMillis(number);
                        case "s" -> Duration.ofSeconds(number);
                        case "m" -> Duration.ofMinutes(number);
                        default -> Duration.ofHours(number);
                    });
        }
        if (end == 0 || end != text.length()) {
            throw new IllegalArgumentException("\"" + text + "\" is no duration: write 10s or 5m");
        }
        return sum;
    }

    private Map<String, Object> services() {
        var all = new TreeMap<String, Object>();
        for (ServiceName service : registry.services()) {
            all.put(
                    service.value(),
                    registry.instances(service).stream()
                            .flatMap(instance -> ConsulAgent.tags(instance).stream())
                            .distinct()
                            .sorted()
                            .toList());
        }
        return all;
    }

    private static Map<String, Object> self() {
        return Map.of("Datacenter", DATACENTER, "NodeName", NODE, "Server", false, "Version", "1.20.0");
    }

    private static Map<String, Object> node() {
        var node = new LinkedHashMap<String, Object>();
        node.put("ID", "");
        node.put("Node", NODE);
        node.put("Address", "127.0.0.1");
        node.put("Datacenter", DATACENTER);
        node.put("TaggedAddresses", Map.of("lan", "127.0.0.1", "wan", "127.0.0.1"));
        node.put("Meta", Map.of());
        node.put("CreateIndex", 1);
        node.put("ModifyIndex", 1);
        return node;
    }

    private Map<String, Object> checked(ServiceInstance instance) {
        var entry = new LinkedHashMap<String, Object>();
        entry.put("Node", node());
        entry.put("Service", ConsulAgent.service(instance));
        entry.put("Checks", List.of(check(instance)));
        return entry;
    }

    private static Map<String, Object> check(ServiceInstance instance) {
        var check = new LinkedHashMap<String, Object>();
        check.put("Node", NODE);
        check.put("CheckID", "service:" + instance.id());
        check.put("Name", "Service '" + instance.service() + "' check");
        check.put("Status", status(instance));
        check.put("Notes", "");
        check.put("Output", instance.health().message());
        check.put("ServiceID", instance.id());
        check.put("ServiceName", instance.service().value());
        check.put("ServiceTags", ConsulAgent.tags(instance));
        check.put("Type", "ttl");
        check.put("Definition", Map.of());
        check.put("CreateIndex", 1);
        check.put("ModifyIndex", 1);
        return check;
    }

    private static String status(ServiceInstance instance) {
        return switch (instance.health().status()) {
            case PASSING, UNKNOWN -> "passing";
            case WARNING -> "warning";
            case CRITICAL, DRAINING -> "critical";
        };
    }

    private Map<String, Object> listed(ServiceInstance instance) {
        var entry = new LinkedHashMap<>(node());
        entry.put("NodeMeta", entry.remove("Meta"));
        entry.put("ServiceID", instance.id());
        entry.put("ServiceName", instance.service().value());
        entry.put("ServiceAddress", instance.endpoint().host());
        entry.put("ServicePort", instance.endpoint().port());
        entry.put("ServiceTags", ConsulAgent.tags(instance));
        entry.put("ServiceMeta", ConsulAgent.meta(instance));
        entry.put("ServiceWeights", ConsulAgent.weights(instance));
        entry.put("ServiceEnableTagOverride", false);
        return entry;
    }

    /**
     * Looks at no check any more, and stops watching. What registered here stays registered until the registry is
     * closed: its clients are still there, and would not register again.
     */
    @Override
    public void close() {
        agent.close();
        indexes.close();
    }
}
