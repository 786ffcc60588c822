package dev.treaty.registry.compat;

import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.health.HealthPolicy;
import dev.treaty.core.health.HealthProbe;
import dev.treaty.core.time.Time;
import dev.treaty.http.HealthProbes;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/**
 * The check of an instance.
 *
 * @param id the id of the check
 * @param kind how its status is determined
 * @param target what a probe connects to; empty without one
 * @param ttl how long a report is valid; zero if it is always
 * @param policy how often a probe connects to the target
 * @param deregisterAfter how long it may be critical before its instance is deregistered; zero for ever
 */
record ConsulCheck(String id, Kind kind, String target, Duration ttl, HealthPolicy policy, Duration deregisterAfter) {
    /** The longest id, in characters. */
    static final int ID_LENGTH_MAX = 1_024;

    private static final Duration INTERVAL_MIN = Duration.ofSeconds(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    enum Kind {
        /** No check: always passing. */
        NONE,
        /** The instance reports its status. */
        TTL,
        HTTP,
        TCP,
        GRPC;

        boolean probes() {
            return compareTo(TTL) > 0;
        }
    }

    /**
     * Reads a check.
     *
     * @throws IllegalArgumentException if it is invalid or unsupported
     */
    static ConsulCheck read(Map<?, ?> check, String instance) {
        String id = ConsulDefinition.text(check, "CheckID", ConsulDefinition.text(check, "ID", "service:" + instance));
        if (id.length() > ID_LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "CheckID has " + id.length() + " characters: use at most " + ID_LENGTH_MAX);
        }
        var kind = Kind.NONE;
        for (Kind each : Kind.values()) {
            if (!ConsulDefinition.text(check, each.name(), "").isEmpty()) {
                if (kind != Kind.NONE) {
                    throw new IllegalArgumentException("a check has either " + kind + " or " + each + ", not both");
                }
                kind = each;
            }
        }
        if (kind == Kind.NONE && !check.isEmpty()) {
            throw new IllegalArgumentException("this registry supports checks with TTL, HTTP, TCP or GRPC only");
        }
        Duration ttl = kind == Kind.TTL ? duration(check, "TTL", Duration.ZERO) : Duration.ZERO;
        if (kind == Kind.TTL && ttl.isZero()) {
            throw new IllegalArgumentException("the TTL of the check must be positive: write 30s");
        }
        return new ConsulCheck(
                id,
                kind,
                kind.probes() ? target(check, kind) : "",
                ttl,
                kind.probes() ? policy(check) : HealthPolicy.STANDARD,
                duration(check, "DeregisterCriticalServiceAfter", Duration.ZERO));
    }

    private static String target(Map<?, ?> check, Kind kind) {
        String text = ConsulDefinition.text(check, kind.name(), "");
        String target = kind == Kind.HTTP
                ? text
                : kind.name().toLowerCase(Locale.ROOT)
                        + (ConsulDefinition.field(check, "GRPCUseTLS", Boolean.class, false) ? "s" : "")
                        + "://" + text;
        URI address = address(target);
        boolean scheme = kind != Kind.HTTP || target.startsWith("http://") || target.startsWith("https://");
        if (!scheme
                || address.getHost() == null
                || address.getUserInfo() != null
                || (kind != Kind.HTTP && address.getPort() < 0)) {
            throw new IllegalArgumentException("the check has no valid " + kind + " address: write "
                    + (kind == Kind.HTTP ? "http://host:port/path, without a password" : "host:port"));
        }
        boolean tls = target.startsWith("https:") || target.startsWith("grpcs:");
        if (tls && !isLiteral(address.getHost())) {
            throw new IllegalArgumentException("a check with TLS needs an IP address in place of " + address.getHost()
                    + ", because checks connect to the address that was examined");
        }
        String method = ConsulDefinition.text(check, "Method", "GET");
        if (!method.equals("GET")) {
            throw new IllegalArgumentException("this registry checks with GET, not with " + method);
        }
        return target;
    }

    private static URI address(String target) {
        try {
            return URI.create(target);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("the address of the check is not a URL", e);
        }
    }

    private static boolean isLiteral(String host) {
        return host.startsWith("[") || host.matches("[0-9.]+");
    }

    private static HealthPolicy policy(Map<?, ?> check) {
        Duration interval = duration(check, "Interval", Duration.ZERO);
        if (interval.compareTo(INTERVAL_MIN) < 0) {
            throw new IllegalArgumentException("the Interval of the check must be at least 1s");
        }
        int fall = number(check, "FailuresBeforeCritical") + 1;
        int warning = number(check, "FailuresBeforeWarning");
        if (warning > 0 && warning + 1 != fall) {
            throw new IllegalArgumentException("FailuresBeforeWarning must be as FailuresBeforeCritical, or left out");
        }
        return new HealthPolicy(
                interval, duration(check, "Timeout", TIMEOUT), number(check, "SuccessBeforePassing") + 1, fall);
    }

    private static int number(Map<?, ?> check, String key) {
        int number = ConsulDefinition.field(check, key, Integer.class, 0);
        if (number >= 0 && number < HealthPolicy.CHECKS_MAX) {
            return number;
        }
        throw new IllegalArgumentException(key + " must be a number from 0 to " + (HealthPolicy.CHECKS_MAX - 1));
    }

    private static Duration duration(Map<?, ?> check, String key, Duration otherwise) {
        String text = ConsulDefinition.text(check, key, "");
        return text.isEmpty() ? otherwise : ConsulApi.duration(text);
    }

    /** Fails if it is certain already that the check may not connect to its target. */
    void require(CheckNetworks networks) {
        if (kind.probes() && (isLiteral(host()) || host().equals("localhost"))) {
            networks.resolve(host());
        }
    }

    private String host() {
        return address(target).getHost();
    }

    /** Returns what determines the status; it connects to the allowed networks only. */
    HealthProbe probe(HealthProbes probes, CheckNetworks networks, Time time) {
        return () -> {
            URI given = address(target);
            InetAddress resolved;
            try {
                resolved = networks.resolve(given.getHost());
            } catch (IllegalArgumentException e) {
                return new ServiceHealth(Status.CRITICAL, String.valueOf(e.getMessage()), time.instant(), Map.of());
            }
            HealthProbe probe = switch (kind) {
                case HTTP -> probes.http(URI.create(target.replaceFirst("(?<=//)[^/?#]*", authority(resolved, given))));
                case TCP -> probes.tcp(endpoint(resolved, given));
                default -> {
                    boolean tls = given.getScheme().equals("grpcs");
                    String service =
                            given.getPath().isEmpty() ? "" : given.getPath().substring(1);
                    yield probes.grpc(endpoint(resolved, given), tls, service);
                }
            };
            return probe.probe();
        };
    }

    private static ServiceEndpoint endpoint(InetAddress resolved, URI given) {
        return new ServiceEndpoint("http", resolved.getHostAddress().replaceFirst("%.*", ""), given.getPort());
    }

    private static String authority(InetAddress resolved, URI given) {
        String host = resolved.getHostAddress().replaceFirst("%.*", "");
        return (resolved instanceof Inet6Address ? "[" + host + "]" : host)
                + (given.getPort() < 0 ? "" : ":" + given.getPort());
    }
}
