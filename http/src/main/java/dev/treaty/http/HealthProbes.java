package dev.treaty.http;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.health.HealthProbe;
import dev.treaty.core.time.Time;
import dev.treaty.http.client.GrpcHealth;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The ways in which an instance is asked how it feels: by HTTP, by whether it takes a TCP connection, by the <a
 * href="https://grpc.io/docs/guides/health-checking/">health protocol of gRPC</a>, or as a service of Treaty, which
 * says more than yes or no. Whoever asks sets the time by interrupting; the timeout here is only for what does not hear
 * of that.
 *
 * <p>In a configuration the way is one word: a path that begins with {@code /}, {@code tcp}, {@code grpc}, {@code
 * grpc/SERVICE} or {@code treaty}.
 */
public final class HealthProbes implements AutoCloseable {
    /** The largest answer that is read, in bytes. */
    private static final int BODY_BYTES_MAX = 64 * 1024;

    /** The longest part of a message or detail that is passed on, in characters. */
    private static final int TEXT_LENGTH_MAX = 256;

    private final Time time;
    private final Duration timeout;
    private final HttpClient client;

    /** @param timeout how long a connection or an answer may take */
    public HealthProbes(Time time, Duration timeout) {
        this.time = time;
        this.timeout = timeout;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .build();
    }

    /**
     * The probe that a word of a configuration means.
     *
     * @param service the name of the service, where the instance is asked for that one
     * @throws IllegalArgumentException where the word means none
     */
    public HealthProbe of(String word, ServiceName service, ServiceEndpoint endpoint) {
        String scheme =
                endpoint.protocol().equals("https") || endpoint.protocol().equals("grpcs") ? "https" : "http";
        String origin = scheme + "://" + endpoint.authority();
        if (word.startsWith("/")) {
            return http(URI.create(origin + word));
        }
        if (word.startsWith("grpc/")) {
            return grpc(endpoint, scheme.equals("https"), word.substring("grpc/".length()));
        }
        return switch (word) {
            case "tcp" -> tcp(endpoint);
            case "grpc" -> grpc(endpoint, scheme.equals("https"), "");
            case "treaty" -> http(URI.create(origin + "/-/health/" + service));
            default ->
                throw new IllegalArgumentException("\"" + word + "\" is no way to ask for health: use a path that"
                        + " begins with /, tcp, grpc, grpc/SERVICE or treaty");
        };
    }

    /**
     * Asks by {@code GET}: a status of 200 to 299 is passing, 429 is a warning, everything else critical. An answer in
     * the form of Treaty's own health page, with any status, is taken at its word, with message and details.
     */
    public HealthProbe http(URI address) {
        HttpRequest request =
                HttpRequest.newBuilder(address).timeout(timeout).GET().build();
        return () -> {
            try {
                HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
                try (InputStream body = response.body()) {
                    boolean json = response.headers()
                            .firstValue("content-type")
                            .filter(type -> type.startsWith("application/json"))
                            .isPresent();
                    return answered(
                            address, response.statusCode(), json ? body.readNBytes(BODY_BYTES_MAX) : new byte[0]);
                }
            } catch (IOException e) {
                return health(Status.CRITICAL, address + " does not answer");
            }
        };
    }

    private ServiceHealth answered(URI address, int status, byte[] body) {
        if (body.length > 0) {
            try {
                if (Json.read(body) instanceof Map<?, ?> map && map.get("status") instanceof String word) {
                    for (Status known : Status.values()) {
                        if (known.name().toLowerCase(Locale.ROOT).equals(word)) {
                            return told(known, map);
                        }
                    }
                }
            } catch (MessageException e) {
                // the answer of another program: its status says what there is to say
            }
        }
        Status found = status / 100 == 2 ? Status.PASSING : status == 429 ? Status.WARNING : Status.CRITICAL;
        return health(found, address + " answers " + status);
    }

    private ServiceHealth told(Status status, Map<?, ?> map) {
        var details = new HashMap<String, String>();
        if (map.get("details") instanceof Map<?, ?> told) {
            told.forEach((key, value) -> {
                if (details.size() < ServiceHealth.DETAILS_MAX && value instanceof String text) {
                    details.put(cut(String.valueOf(key)), cut(text));
                }
            });
        }
        String message = map.get("message") instanceof String text ? cut(text) : "";
        return new ServiceHealth(status, message, time.instant(), details);
    }

    private static String cut(String text) {
        return text.length() > TEXT_LENGTH_MAX ? text.substring(0, TEXT_LENGTH_MAX) + "…" : text;
    }

    /** Passing where the instance takes a connection. */
    public HealthProbe tcp(ServiceEndpoint endpoint) {
        return () -> {
            // A channel, since closing by interrupt is how whoever asks sets the time.
            try (var channel = SocketChannel.open()) {
                channel.connect(new InetSocketAddress(endpoint.host(), endpoint.port()));
                return health(Status.PASSING, endpoint.authority() + " takes connections");
            } catch (ClosedByInterruptException e) {
                throw new InterruptedException();
            } catch (IOException | java.nio.channels.UnresolvedAddressException e) {
                return health(Status.CRITICAL, endpoint.authority() + " takes no connection");
            }
        };
    }

    /**
     * Asks by the health protocol of gRPC, over HTTP/2 without a first request in HTTP/1.1.
     *
     * @param service whom to ask for; empty for the server as a whole
     */
    public HealthProbe grpc(ServiceEndpoint endpoint, boolean tls, String service) {
        return new GrpcHealth(endpoint, tls, service, timeout, time);
    }

    private ServiceHealth health(Status status, String message) {
        return new ServiceHealth(status, message, time.instant(), Map.of());
    }

    /** Gives up all connections. */
    @Override
    public void close() {
        client.shutdownNow();
    }
}
