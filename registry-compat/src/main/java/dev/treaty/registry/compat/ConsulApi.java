package dev.treaty.registry.compat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.Registry;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.text.DurationFormat;
import dev.treaty.core.time.Time;
import dev.treaty.http.RawHandler;
import dev.treaty.registry.RegistryProtection;
import dev.treaty.registry.spi.Store;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Answers the HTTP API of a Consul agent from a registry, as far as it concerns services and their health: queries of
 * {@code /v1/health/}, {@code /v1/catalog/}, {@code /v1/agent/} and {@code /v1/status/}, and registrations at {@code
 * /v1/agent/service/} with checks by TTL, HTTP, TCP or gRPC. Other requests are refused with a reason; {@code
 * docs/backends.md} lists each.
 *
 * <p>Queries block as in Consul: with {@code index} and {@code wait}, the response follows the next change after that
 * index. Tags are the metadata {@code tags}, separated by commas; if a tag has a comma, they are a JSON list.
 *
 * <p>Clients of Consul register once and expect the agent to remember. With a {@link Store}, their registrations are
 * restored when the next API is opened with it; without one, they end with the registry.
 */
public final class ConsulApi implements RawHandler, AutoCloseable {
    /** The beginning of its paths. */
    public static final String PREFIX = "/v1/";

    /** The most blocked queries; further ones are rejected. */
    public static final int WAITING_MAX = 1_000;

    /** How long a query blocks by default. */
    private static final Duration WAIT = Duration.ofMinutes(5);

    private static final Duration WAIT_MAX = Duration.ofMinutes(10);

    /** Parameters that change an answer in a way that this API does not support. */
    private static final Set<String> UNSUPPORTED_PARAMETERS = Set.of("filter", "peer", "sg", "ns", "partition");

    private static final Map<String, Integer> AGENT_HEALTH = Map.of("passing", 200, "warning", 429, "critical", 503);

    private static final Set<String> FALSE = Set.of("false", "False", "FALSE", "f", "F", "0");

    private final ConsulAccess access;
    private final ConsulIndexes indexes;
    private final ConsulAgent agent;
    private final Semaphore waiting = new Semaphore(WAITING_MAX);

    /** Creates the API of a registry, without storing what is registered; checks may connect to this machine. */
    public ConsulApi(Registry registry, Time time) {
        this.access = ConsulAccess.OFF;
        this.indexes = new ConsulIndexes(registry, time, ConsulIndexes.first(time.instant()));
        this.agent = new ConsulAgent(registry, time, new ConsulFiles(null), CheckNetworks.LOOPBACK, access);
    }

    /**
     * Creates the API of a registry, and restores and stores what is registered: the instances with the last reports of
     * their checks, and whether they are in maintenance. Restored checks have their whole TTL to report.
     *
     * @param store contains nothing else, and is closed with the API; null to store nothing
     * @param networks the networks to which the checks of instances may connect
     * @throws IOException if the content of the store cannot be read or registered; the message names the file
     */
    public ConsulApi(Registry registry, Time time, @Nullable Store store, CheckNetworks networks) throws IOException {
        this(registry, time, store, networks, RegistryProtection.OFF);
    }

    /**
     * Creates the API of a registry, as the other constructors do, for callers that have to prove who they are.
     *
     * <p>The server checks a caller's credentials: a token or an API key in {@code X-Consul-Token} or {@code
     * Authorization}, or a certificate. What a caller may do is decided as in the registry itself; an instance can be
     * changed by the identity that has registered it, and nothing is answered without credentials.
     *
     * @param protection decides about each request
     */
    public ConsulApi(
            Registry registry, Time time, @Nullable Store store, CheckNetworks networks, RegistryProtection protection)
            throws IOException {
        this.access = new ConsulAccess(protection, networks.equals(CheckNetworks.LOOPBACK));
        var files = new ConsulFiles(store);
        this.indexes = new ConsulIndexes(registry, time, files.reserveIndexes(ConsulIndexes.first(time.instant())));
        this.agent = new ConsulAgent(registry, time, files, networks, access);
        agent.restore();
    }

    /** Returns what the server of this API asks: it lets each proven caller send requests, and the API decides. */
    public AccessControl access() {
        return access.ofServer();
    }

    @Override
    public Answer answer(Request request) throws InterruptedException {
        try {
            return permitted(request);
        } catch (ConsulAccess.DeniedException e) {
            return Answer.text(403, String.valueOf(e.getMessage()));
        }
    }

    private Answer permitted(Request request) throws InterruptedException {
        String path = request.path();
        Optional<Answer> refused = refused(request);
        if (refused.isPresent()) {
            return refused.get();
        }
        if (request.method().equals("PUT")) {
            return path.startsWith("/v1/agent/") ? agent.answer(request) : unsupported(path);
        }
        if (!request.method().equals("GET")) {
            return Answer.text(405, "method " + request.method() + " not allowed");
        }
        return switch (path) {
            case "/v1/catalog/services" -> blocking(request, indexes::tags, List.of(), all -> readable(request, all));
            case "/v1/catalog/nodes" ->
                blockingForAll(request, _ -> onNode(request) ? List.of(ConsulJson.node()) : List.of());
            case "/v1/catalog/datacenters" -> Answer.json(List.of(ConsulJson.DATACENTER));
            case "/v1/agent/services" -> Answer.json(byId(instances(request)));
            case "/v1/agent/checks" -> Answer.json(checksById(instances(request)));
            case "/v1/agent/self" -> Answer.json(Map.of("Config", self(), "Member", member()));
            case "/v1/agent/members" -> Answer.json(List.of(member()));
            case "/v1/status/leader" -> Answer.json("127.0.0.1:8300");
            case "/v1/status/peers" -> Answer.json(List.of("127.0.0.1:8300"));
            default -> named(request, path);
        };
    }

    private Answer named(Request request, String path) throws InterruptedException {
        int slash = path.lastIndexOf('/');
        String name = path.substring(slash + 1);
        return switch (name.isEmpty() ? "" : path.substring(0, slash + 1)) {
            case "/v1/health/service/" -> service(request, name, passing(request), ConsulJson::healthEntry);
            case "/v1/health/checks/" -> service(request, name, _ -> true, ConsulJson::check);
            case "/v1/health/state/" -> state(request, name);
            case "/v1/health/node/" -> all(request, _ -> ConsulJson.NODE.equals(name), ConsulJson::check);
            case "/v1/catalog/service/" -> service(request, name, _ -> true, ConsulJson::catalogEntry);
            case "/v1/catalog/node/" -> node(request, name, ConsulApi::byId);
            case "/v1/catalog/node-services/" ->
                node(request, name, all -> all.stream().map(ConsulJson::service).toList());
            case "/v1/agent/service/" ->
                instances(request).stream()
                        .filter(instance -> instance.id().equals(name))
                        .findFirst()
                        .map(instance -> Answer.json(ConsulJson.service(instance)))
                        .orElseGet(() -> Answer.text(404, "unknown service ID: " + name));
            case "/v1/agent/health/service/id/" ->
                agentHealth(request, instance -> instance.id().equals(name));
            case "/v1/agent/health/service/name/" ->
                agentHealth(request, instance -> instance.service().value().equals(name));
            default -> unsupported(path);
        };
    }

    /** Returns the answer to a request of something that this API does not have. */
    static Answer unsupported(String path) {
        String instead = switch (path) {
            case "/v1/catalog/register", "/v1/catalog/deregister" ->
                ": register with PUT /v1/agent/service/register, so that the registry checks the instance";
            case "/v1/agent/check/register" -> ": register the check with its service, as Check";
            default ->
                path.startsWith("/v1/agent/check/deregister/")
                        ? ": register the service again without Check"
                        : ": it has services and their health only";
        };
        return Answer.text(404, "this registry's Consul API has no " + path + instead);
    }

    private static Optional<Answer> refused(Request request) {
        for (String name : UNSUPPORTED_PARAMETERS) {
            if (request.parameter(name)
                    .filter(value -> !value.isEmpty() && !value.equals("default"))
                    .isPresent()) {
                return Optional.of(Answer.text(400, "this registry's Consul API has no parameter " + name));
            }
        }
        return request.parameter("dc")
                .filter(dc -> !dc.isEmpty() && !dc.equals(ConsulJson.DATACENTER))
                .map(dc ->
                        Answer.text(500, "No path to datacenter " + dc + ": there is only " + ConsulJson.DATACENTER));
    }

    /** Consul's {@code passing} excludes warnings, unlike calls in Treaty. */
    private static Predicate<ServiceInstance> passing(Request request) {
        boolean passing =
                request.parameter("passing").filter(p -> !FALSE.contains(p)).isPresent();
        return instance -> !passing || ConsulJson.status(instance).equals("passing");
    }

    /** Returns the instances of the agent that the caller may read. */
    private List<ServiceInstance> instances(Request request) {
        return readable(request, agent.instances());
    }

    private List<ServiceInstance> readable(Request request, List<ServiceInstance> instances) {
        return instances.stream()
                .filter(instance -> access.mayRead(request.caller(), instance.service()))
                .toList();
    }

    /** Returns the entries of the services that the caller may read. */
    private <T> Map<String, T> readable(Request request, Map<String, T> byService) {
        var readable = new TreeMap<String, T>(byService);
        readable.keySet()
                .removeIf(name -> name(name)
                        .filter(service -> access.mayRead(request.caller(), service))
                        .isEmpty());
        return readable;
    }

    private Answer service(
            Request request,
            String name,
            Predicate<ServiceInstance> filter,
            Function<ServiceInstance, Map<String, Object>> entry)
            throws InterruptedException {
        Optional<ServiceName> service = name(name); // Consul accepts any name
        service.ifPresent(read -> access.requireRead(request.caller(), read));
        List<String> tags = request.parameters("tag");
        return blocking(
                request,
                waiting -> service.map(indexes::service)
                        .orElseGet(() ->
                                new ConsulIndexes.Indexed<>(indexes.all(waiting).index(), List.of())),
                service.stream().toList(),
                instances -> instances.stream()
                        .filter(filter)
                        .filter(instance -> onNode(request) && hasTags(instance, tags))
                        .map(entry)
                        .toList());
    }

    private static Optional<ServiceName> name(String name) {
        try {
            return Optional.of(new ServiceName(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Returns whether the only node matches, which has no metadata. */
    private static boolean onNode(Request request) {
        return request.parameter("node-meta").orElse("").isEmpty();
    }

    private static boolean hasTags(ServiceInstance instance, List<String> tags) {
        return tags.stream()
                .filter(tag -> !tag.isEmpty())
                .allMatch(tag -> ConsulJson.tags(instance).stream().anyMatch(tag::equalsIgnoreCase));
    }

    private Answer state(Request request, String state) throws InterruptedException {
        if (!Set.of("any", "passing", "warning", "critical").contains(state)) {
            return Answer.text(400, "Invalid state: use any, passing, warning or critical");
        }
        return all(
                request,
                instance -> state.equals("any") || ConsulJson.status(instance).equals(state),
                ConsulJson::check);
    }

    private Answer all(
            Request request, Predicate<ServiceInstance> filter, Function<ServiceInstance, Map<String, Object>> entry)
            throws InterruptedException {
        return blockingForAll(
                request,
                instances -> instances.stream()
                        .filter(instance -> filter.test(instance) && onNode(request))
                        .map(entry)
                        .toList());
    }

    private Answer node(Request request, String node, Function<List<ServiceInstance>, Object> services)
            throws InterruptedException {
        return blockingForAll(
                request,
                instances -> node.equals(ConsulJson.NODE)
                        ? Map.of("Node", ConsulJson.node(), "Services", services.apply(instances))
                        : null);
    }

    private static Map<String, Object> byId(List<ServiceInstance> instances) {
        var all = new TreeMap<String, Object>();
        instances.forEach(instance -> all.put(instance.id(), ConsulJson.service(instance)));
        return all;
    }

    private static Map<String, Object> checksById(List<ServiceInstance> instances) {
        var all = new TreeMap<String, Object>();
        for (ServiceInstance instance : instances) {
            Map<String, Object> check = ConsulJson.check(instance);
            all.put(String.valueOf(check.get("CheckID")), check);
        }
        return all;
    }

    /** Answers with the worst status of some instances, also as the status of HTTP. */
    private Answer agentHealth(Request request, Predicate<ServiceInstance> filter) {
        List<ServiceInstance> instances =
                instances(request).stream().filter(filter).toList();
        List<String> statuses = instances.stream().map(ConsulJson::status).toList();
        String worst = Stream.of("critical", "warning", "passing")
                .filter(statuses::contains)
                .findFirst()
                .orElse("");
        int code = AGENT_HEALTH.getOrDefault(worst, 404);
        if (request.parameter("format").orElse("").equals("text") || worst.isEmpty()) {
            return Answer.text(code, worst.isEmpty() ? "ServiceId or ServiceName not found" : worst);
        }
        List<Object> entries = instances.stream()
                .<Object>map(instance -> Map.of(
                        "AggregatedStatus", ConsulJson.status(instance),
                        "Service", ConsulJson.service(instance),
                        "Checks", List.of(ConsulJson.check(instance))))
                .toList();
        boolean one = request.path().contains("/id/");
        return Answer.json(one ? entries.getFirst() : entries).withStatus(code);
    }

    private Answer blockingForAll(Request request, Function<List<ServiceInstance>, @Nullable Object> body)
            throws InterruptedException {
        return blocking(request, indexes::all, List.of(), all -> body.apply(readable(request, all)));
    }

    private <T> Answer blocking(
            Request request, ConsulIndexes.Query<T> query, List<ServiceName> pushed, Function<T, @Nullable Object> body)
            throws InterruptedException {
        long known;
        Duration wait;
        try {
            known = request.parameter("index").map(Long::parseLong).orElse(0L);
            wait = request.parameter("wait").map(ConsulApi::duration).orElse(WAIT);
        } catch (IllegalArgumentException e) {
            return Answer.text(400, "Invalid index or wait: write index=42 and wait=5m");
        }
        ConsulIndexes.Indexed<T> answer = query.answer(false);
        if (known > 0 && answer.index() == known) {
            if (!waiting.tryAcquire()) {
                return Answer.text(429, WAITING_MAX + " queries are blocked, which is the limit: try again later");
            }
            try {
                Duration longest = wait.isZero() ? WAIT : wait.compareTo(WAIT_MAX) < 0 ? wait : WAIT_MAX;
                answer = indexes.await(query, pushed, known, longest.toNanos());
            } finally {
                waiting.release();
            }
        }
        return Answer.json(body.apply(answer.content())).withHeaders(headers(answer.index()));
    }

    private static Map<String, String> headers(long index) {
        return Map.of(
                "X-Consul-Index", String.valueOf(index), "X-Consul-KnownLeader", "true", "X-Consul-LastContact", "0");
    }

    /** Parses a duration such as {@code 10s} or {@code 1m30s}; a number without a unit is in seconds. */
    static Duration duration(String text) {
        return DurationFormat.read(text.matches("\\d{1,9}") ? text + "s" : text)
                .orElseThrow(() -> new IllegalArgumentException("\"" + text + "\" is not a duration: write 10s or 5m"));
    }

    private static Map<String, Object> self() {
        return Map.of(
                "Datacenter", ConsulJson.DATACENTER, "NodeName", ConsulJson.NODE, "Server", false, "Version", "1.20.0");
    }

    private static Map<String, Object> member() {
        return Map.of("Name", ConsulJson.NODE, "Addr", "127.0.0.1", "Status", 1);
    }

    /**
     * Stops the checks. Registered instances stay registered until the registry is closed, because
     * clients of Consul do not register again.
     */
    @Override
    public void close() {
        agent.close();
    }
}
