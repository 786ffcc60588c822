package dev.treaty.http.server;

import dev.treaty.codec.Json;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Time;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The health of a server and of its services, as pages. */
public final class HealthPages {
    private static final System.Logger LOGGER = System.getLogger(HealthPages.class.getName());

    private final BooleanSupplier draining;
    private final BooleanSupplier accepting;
    private final Time time;

    /**
     * @param draining whether the server drains, which is then the health of all services
     * @param accepting whether the server can accept connections
     */
    public HealthPages(BooleanSupplier draining, BooleanSupplier accepting, Time time) {
        this.draining = draining;
        this.accepting = accepting;
        this.time = time;
    }

    /**
     * The page of one service.
     *
     * @param details whether it has more than the status
     */
    public Response of(HostedService service, boolean details) {
        ServiceHealth health = healthOf(service);
        return page(health, details ? Responses.health(health) : statusOf(health));
    }

    /**
     * The page of the server with all services; its status is the worst.
     *
     * @param details whether it has more than the status
     */
    public Response of(Map<String, HostedService> services, boolean details) {
        var each = new TreeMap<String, ServiceHealth>();
        services.forEach((name, service) -> each.put(name, healthOf(service)));
        ServiceHealth overall = overall(each);
        if (!details) {
            return page(overall, statusOf(overall));
        }
        var map = Responses.health(overall);
        var parts = new LinkedHashMap<String, Object>();
        each.forEach((name, health) -> parts.put(name, Responses.health(health)));
        map.put("services", parts);
        return page(overall, map);
    }

    private static Map<String, Object> statusOf(ServiceHealth health) {
        return Map.of("status", health.status().name().toLowerCase(Locale.ROOT));
    }

    private static Response page(ServiceHealth health, Map<String, Object> content) {
        return new Response(health.status().takesCalls() ? 200 : 503, Response.JSON, Json.bytes(content));
    }

    private ServiceHealth healthOf(HostedService service) {
        if (draining.getAsBoolean()) {
            return ServiceHealth.of(Status.DRAINING, time.instant());
        }
        try {
            return service.health().get();
        } catch (RuntimeException e) {
            LOGGER.log(
                    System.Logger.Level.ERROR,
                    "The health of " + service.contract().name() + " could not be determined",
                    Secrets.mask(e));
            return new ServiceHealth(Status.CRITICAL, "its health could not be determined", time.instant(), Map.of());
        }
    }

    private ServiceHealth overall(Map<String, ServiceHealth> each) {
        if (!accepting.getAsBoolean()) {
            return new ServiceHealth(Status.CRITICAL, "the server cannot accept connections", time.instant(), Map.of());
        }
        String worstName = null;
        Status worst = draining.getAsBoolean() ? Status.DRAINING : Status.PASSING;
        for (Map.Entry<String, ServiceHealth> one : each.entrySet()) {
            if (rank(one.getValue().status()) > rank(worst)) {
                worst = one.getValue().status();
                worstName = one.getKey();
            }
        }
        String message = worstName == null ? "" : worstName + ": " + message(each.get(worstName));
        return new ServiceHealth(worst, message, time.instant(), Map.of());
    }

    private static String message(@Nullable ServiceHealth health) {
        return health == null || health.message().isEmpty() ? "no reason given" : health.message();
    }

    private static int rank(Status status) {
        return switch (status) {
            case PASSING -> 0;
            case UNKNOWN -> 1;
            case WARNING -> 2;
            case DRAINING -> 3;
            case CRITICAL -> 4;
        };
    }
}
