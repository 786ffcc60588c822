package dev.treaty.http;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.health.HealthProbe;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.time.Time;
import dev.treaty.http.client.GrpcHealth;
import dev.treaty.http.client.HealthPage;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Creates the probes that check the health of instances over the network. A probe sends an HTTP request, opens a TCP
 * connection, uses the <a href="https://grpc.io/docs/guides/health-checking/">health protocol of gRPC</a>, or reads the
 * health page of a Treaty service, which also has a message and details. It ends when its thread is interrupted; the
 * timeout is only for operations that cannot be interrupted.
 *
 * <p>In a configuration a probe is one word: a path that begins with {@code /}, {@code tcp}, {@code grpc}, {@code
 * grpc/SERVICE} or {@code treaty}.
 */
public final class HealthProbes implements AutoCloseable {
    /** The maximum size of a response body, in bytes; the rest is ignored. */
    private static final int BODY_BYTES_MAX = 64 * 1024;

    /** The maximum length of a message or a detail, in characters; the rest is cut off. */
    private static final int TEXT_LENGTH_MAX = 256;

    private final Time time;
    private final Duration timeout;
    private final @Nullable TransportSecurity tls;
    private final HttpClient client;

    /**
     * Probes without a certificate of their own.
     *
     * @param timeout the maximum time for a connection or a response
     */
    public HealthProbes(Time time, Duration timeout) {
        this(time, timeout, null);
    }

    /**
     * Probes of a process.
     *
     * @param timeout the maximum time for a connection or a response
     * @param tls its certificate, and whom it trusts: for the probe {@code treaty} of endpoints with {@code https},
     *     whose server must be one of the service. Other probes trust the authorities of the Java runtime. Null for
     *     none
     */
    public HealthProbes(Time time, Duration timeout, @Nullable TransportSecurity tls) {
        this.tls = tls;
        this.time = time;
        this.timeout = timeout;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .build();
    }

    /**
     * Creates a probe from a word of a configuration.
     *
     * @param service the name of the service, for probes that need it
     * @throws IllegalArgumentException if the word is not a probe
     */
    public HealthProbe of(String word, ServiceName service, ServiceEndpoint endpoint) {
        boolean tls = endpoint.protocol().equals("https") || endpoint.protocol().equals("grpcs");
        String origin = (tls ? "https://" : "http://") + endpoint.authority();
        if (word.startsWith("/")) {
            return http(URI.create(origin + word));
        }
        if (word.startsWith("grpc/")) {
            return grpc(endpoint, tls, word.substring("grpc/".length()));
        }
        return switch (word) {
            case "tcp" -> tcp(endpoint);
            case "grpc" -> grpc(endpoint, tls, "");
            case "treaty" -> {
                TransportSecurity own = this.tls;
                yield own != null && endpoint.protocol().equals("https")
                        ? secured(service, endpoint, own)
                        : http(URI.create(origin + "/-/health/" + service));
            }
            default ->
                throw new IllegalArgumentException("\"" + word + "\" is not a health probe: use a path that begins"
                        + " with /, tcp, grpc, grpc/SERVICE or treaty");
        };
    }

    /**
     * A probe with {@code GET}: a status from 200 to 299 is passing, 429 is a warning, all others are critical. A
     * response in the format of Treaty's health page, with any status, is used with its message and details.
     */
    public HealthProbe http(URI address) {
        HttpRequest request =
                HttpRequest.newBuilder(address).timeout(timeout).GET().build();
        return () -> {
            try {
                HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
                try (InputStream body = response.body()) {
                    return healthPage(body.readNBytes(BODY_BYTES_MAX))
                            .orElseGet(() -> ofStatus(address, response.statusCode()));
                }
            } catch (IOException e) {
                return health(Status.CRITICAL, address + " does not answer");
            }
        };
    }

    private HealthProbe secured(ServiceName service, ServiceEndpoint endpoint, TransportSecurity own) {
        URI address = URI.create(endpoint + "/-/health/" + service);
        return () -> {
            try {
                HealthPage page = HealthPage.read(service, endpoint, own, timeout, BODY_BYTES_MAX);
                return healthPage(page.body()).orElseGet(() -> ofStatus(address, page.status()));
            } catch (IOException e) {
                String reason = e.getMessage() == null ? "" : ": " + MessageReader.echo(e.getMessage());
                return health(Status.CRITICAL, address + " does not answer" + reason);
            }
        };
    }

    private ServiceHealth ofStatus(URI address, int code) {
        Status status = code / 100 == 2 ? Status.PASSING : code == 429 ? Status.WARNING : Status.CRITICAL;
        return health(status, address + " answers " + code);
    }

    /** Parses a health page of Treaty; empty for the body of another program. */
    private Optional<ServiceHealth> healthPage(byte[] body) {
        try {
            if (Json.read(body) instanceof Map<?, ?> page) {
                return Arrays.stream(Status.values())
                        .filter(status -> status.name().toLowerCase(Locale.ROOT).equals(page.get("status")))
                        .findFirst()
                        .map(status -> health(status, page));
            }
        } catch (MessageException e) {
            // not JSON of Treaty
        }
        return Optional.empty();
    }

    private ServiceHealth health(Status status, Map<?, ?> page) {
        var details = new HashMap<String, String>();
        if (page.get("details") instanceof Map<?, ?> given) {
            given.forEach((key, value) -> {
                if (details.size() < ServiceHealth.DETAILS_MAX && value instanceof String text) {
                    details.put(cut(String.valueOf(key)), cut(text));
                }
            });
        }
        String message = page.get("message") instanceof String text ? cut(text) : "";
        return new ServiceHealth(status, message, time.instant(), details);
    }

    private static String cut(String text) {
        return text.length() > TEXT_LENGTH_MAX ? text.substring(0, TEXT_LENGTH_MAX) + "…" : text;
    }

    /** A probe that is passing if the instance accepts a TCP connection. */
    public HealthProbe tcp(ServiceEndpoint endpoint) {
        return () -> {
            try (var channel = SocketChannel.open()) { // a channel, since it can be interrupted
                channel.connect(new InetSocketAddress(endpoint.host(), endpoint.port()));
                return health(Status.PASSING, endpoint.authority() + " takes connections");
            } catch (ClosedByInterruptException e) {
                throw new InterruptedException();
            } catch (IOException | UnresolvedAddressException e) {
                return health(Status.CRITICAL, endpoint.authority() + " takes no connection");
            }
        };
    }

    /**
     * A probe by the health protocol of gRPC, over HTTP/2 with prior knowledge.
     *
     * @param service the name of the gRPC service; empty for the server as a whole
     */
    public HealthProbe grpc(ServiceEndpoint endpoint, boolean tls, String service) {
        return new GrpcHealth(endpoint, tls, service, timeout, time);
    }

    private ServiceHealth health(Status status, String message) {
        return new ServiceHealth(status, message, time.instant(), Map.of());
    }

    /** Closes all connections at once. */
    @Override
    public void close() {
        client.shutdownNow();
    }
}
