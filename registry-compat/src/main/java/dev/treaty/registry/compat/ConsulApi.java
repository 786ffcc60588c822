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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Answers the HTTP API of a Consul agent from a registry. It has these paths: {@code /v1/health/service/:name}, {@code
 * /v1/catalog/services}, {@code /v1/catalog/service/:name}, {@code /v1/catalog/nodes}, {@code /v1/catalog/datacenters},
 * {@code /v1/agent/self}, {@code /v1/agent/services}, {@code /v1/status/leader}, {@code /v1/agent/service/register},
 * {@code deregister/:id} and {@code maintenance/:id}, and {@code /v1/agent/check/pass|warn|fail|update/:id} for checks
 * with a TTL. Other paths of Consul's API return 404 with a message.
 *
 * <p>Queries block as in Consul: with {@code index} and {@code wait}, the response follows the next change after that
 * index. Tags are the metadata {@code tags}, separated by commas.
 *
 * <p>Clients of Consul register once and expect the agent to remember. With a {@link Store}, their registrations are
 * restored when the next API is opened with it; without one, they end with the registry.
 */
public final class ConsulApi implements RawHandler, AutoCloseable {
    /** The most blocked queries; further ones are rejected. */
    public static final int WAITING_MAX = 1_000;

    /** How long a query blocks by default. */
    private static final Duration WAIT = Duration.ofMinutes(5);

    private static final Duration WAIT_MAX = Duration.ofMinutes(10);

    private static final String HEALTH = "/v1/health/service/";
    private static final String CATALOG = "/v1/catalog/service/";

    /** A duration in Go's format; a number without a unit is in seconds. */
    private static final Pattern DURATION = Pattern.compile("(?:(?<hours>\\d{1,9})h)?(?:(?<minutes>\\d{1,9})m(?!s))?"
            + "(?:(?<seconds>\\d{1,9})s)?(?:(?<millis>\\d{1,9})ms)?");

    private final Registry registry;
    private final ConsulIndexes indexes;
    private final ConsulAgent agent;
    private final Semaphore waiting = new Semaphore(WAITING_MAX);

    /** Creates the API of a registry, without storing what is registered. */
    public ConsulApi(Registry registry, Time time) {
        this(registry, time, new ConsulFiles(null));
    }

    /**
     * Creates the API of a registry, and restores and stores what is registered: the instances with the last reports of
     * their checks, and whether they are in maintenance. Restored checks have their whole TTL to report.
     *
     * @param store contains nothing else, and is closed with the API
     * @throws IOException if the content of the store cannot be read or registered; the message names the file
     */
    public ConsulApi(Registry registry, Time time, Store store) throws IOException {
        this(registry, time, new ConsulFiles(store));
        agent.restore();
    }

    private ConsulApi(Registry registry, Time time, ConsulFiles files) {
        this.registry = registry;
        this.indexes = new ConsulIndexes(registry, time);
        this.agent = new ConsulAgent(registry, time, files);
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
        if (path.startsWith(HEALTH) && path.length() > HEALTH.length()) {
            boolean passing =
                    request.parameter("passing").filter(p -> !p.equals("false")).isPresent();
            String name = path.substring(HEALTH.length());
            return instances(request, name, each -> !passing || isPassing(each), ConsulJson::healthEntry);
        }
        if (path.startsWith(CATALOG) && path.length() > CATALOG.length()) {
            return instances(request, path.substring(CATALOG.length()), _ -> true, ConsulJson::catalogEntry);
        }
        return switch (path) {
            case "/v1/catalog/services" -> blocking(request, indexes::services, this::services);
            case "/v1/catalog/datacenters" -> Answer.json(List.of(ConsulJson.DATACENTER));
            case "/v1/catalog/nodes" -> Answer.json(List.of(ConsulJson.node()));
            case "/v1/agent/services" -> Answer.json(agent.services());
            case "/v1/agent/self" -> Answer.json(Map.of("Config", self(), "Member", Map.of("Name", ConsulJson.NODE)));
            case "/v1/status/leader" -> Answer.json("127.0.0.1:8300");
            default -> Answer.text(404, "this registry's Consul API has no " + path);
        };
    }

    /** Consul's {@code passing} excludes warnings, unlike calls in Treaty. */
    private static boolean isPassing(ServiceInstance instance) {
        Status status = instance.health().status();
        return status == Status.PASSING || status == Status.UNKNOWN;
    }

    private Answer instances(
            Request request,
            String name,
            Predicate<ServiceInstance> filter,
            Function<ServiceInstance, Map<String, Object>> entry)
            throws InterruptedException {
        ServiceName service;
        try {
            service = new ServiceName(name);
        } catch (IllegalArgumentException e) {
            return Answer.json(List.of()).withHeaders(headers(1)); // Consul accepts any name
        }
        String tag = request.parameter("tag").orElse("");
        return blocking(
                request,
                () -> indexes.of(service),
                () -> registry.instances(service).stream()
                        .filter(filter)
                        .filter(instance ->
                                tag.isEmpty() || ConsulJson.tags(instance).contains(tag))
                        .map(entry)
                        .toList());
    }

    private Answer blocking(Request request, LongSupplier index, Supplier<Object> body) throws InterruptedException {
        long known;
        Duration wait;
        try {
            known = request.parameter("index").map(Long::parseLong).orElse(0L);
            wait = request.parameter("wait").map(ConsulApi::duration).orElse(WAIT);
        } catch (IllegalArgumentException e) {
            return Answer.text(400, "Invalid index or wait: write index=42 and wait=5m");
        }
        if (known > 0 && index.getAsLong() == known) {
            if (!waiting.tryAcquire()) {
                return Answer.text(429, WAITING_MAX + " queries are blocked, which is the limit: try again later");
            }
            try {
                long nanos = (wait.isZero() ? WAIT : wait).toNanos();
                indexes.await(index, known, Math.min(nanos, WAIT_MAX.toNanos()));
            } finally {
                waiting.release();
            }
        }
        long now = index.getAsLong(); // first, so that a change during the query is returned twice rather than missed
        return Answer.json(body.get()).withHeaders(headers(now));
    }

    private static Map<String, String> headers(long index) {
        return Map.of(
                "X-Consul-Index", String.valueOf(index), "X-Consul-KnownLeader", "true", "X-Consul-LastContact", "0");
    }

    /** Parses a duration such as {@code 10s}, {@code 5m} or {@code 1m30s}. */
    static Duration duration(String text) {
        Matcher match = DURATION.matcher(text.matches("\\d{1,9}") ? text + "s" : text);
        if (text.isEmpty() || !match.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not a duration: write 10s or 5m");
        }
        return Duration.ofHours(number(match.group("hours")))
                .plusMinutes(number(match.group("minutes")))
                .plusSeconds(number(match.group("seconds")))
                .plusMillis(number(match.group("millis")));
    }

    private static long number(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }

    private Map<String, Object> services() {
        var all = new TreeMap<String, Object>();
        for (ServiceName service : registry.services()) {
            all.put(
                    service.value(),
                    registry.instances(service).stream()
                            .flatMap(instance -> ConsulJson.tags(instance).stream())
                            .distinct()
                            .sorted()
                            .toList());
        }
        return all;
    }

    private static Map<String, Object> self() {
        return Map.of(
                "Datacenter", ConsulJson.DATACENTER, "NodeName", ConsulJson.NODE, "Server", false, "Version", "1.20.0");
    }

    /**
     * Stops the checks and the watches. Registered instances stay registered until the registry is closed, because
     * clients of Consul do not register again.
     */
    @Override
    public void close() {
        agent.close();
        indexes.close();
    }
}
