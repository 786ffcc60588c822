package dev.treaty.http.client;

import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.health.HealthProbe;
import dev.treaty.core.time.Time;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.webclient.http2.Http2Client;
import io.helidon.webclient.http2.Http2ClientResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A health probe that calls {@code grpc.health.v1.Health/Check}. Its two messages have one field each, so they are
 * encoded and decoded here without generated code.
 *
 * @see <a href="https://github.com/grpc/grpc/blob/master/doc/health-checking.md">GRPC Health Checking Protocol</a>
 */
public final class GrpcHealth implements HealthProbe {
    private static final String PATH = "/grpc.health.v1.Health/Check";
    private static final HeaderName GRPC_STATUS = HeaderNames.create("grpc-status");
    private static final HeaderName GRPC_MESSAGE = HeaderNames.create("grpc-message");
    private static final HeaderName TE = HeaderNames.create("te");

    /** The prefix of a message: a compression flag and the length. */
    private static final int PREFIX_BYTES = 5;

    /** The maximum length of the name, which is encoded in one byte. */
    private static final int NAME_BYTES_MAX = 127;

    private static final int ANSWER_BYTES_MAX = 1_024;
    private static final int SERVING = 1;

    private final ServiceEndpoint endpoint;
    private final String service;
    private final Time time;
    private final Http2Client client;

    /**
     * Creates a probe of a service at an endpoint.
     *
     * @param service the name of the gRPC service, at most {@value #NAME_BYTES_MAX} bytes; empty for the whole server
     * @throws IllegalArgumentException if the name is longer
     */
    public GrpcHealth(ServiceEndpoint endpoint, boolean tls, String service, Duration timeout, Time time) {
        if (service.getBytes(StandardCharsets.UTF_8).length > NAME_BYTES_MAX) {
            throw new IllegalArgumentException("the name of a gRPC service has at most " + NAME_BYTES_MAX + " bytes");
        }
        this.endpoint = endpoint;
        this.service = service;
        this.time = time;
        this.client = Http2Client.create(config -> config.baseUri((tls ? "https://" : "http://") + endpoint.authority())
                .connectTimeout(timeout)
                .readTimeout(timeout)
                .shareConnectionCache(false)
                .protocolConfig(protocol -> protocol.priorKnowledge(!tls)));
    }

    @Override
    public ServiceHealth probe() {
        try (Http2ClientResponse response = client.post(PATH)
                .header(HeaderNames.CONTENT_TYPE, "application/grpc")
                .header(TE, "trailers")
                .submit(request())) {
            return answered(response);
        } catch (IOException | RuntimeException e) { // the library wraps I/O errors
            return health(Status.CRITICAL, endpoint.authority() + " does not answer in gRPC");
        }
    }

    private byte[] request() {
        byte[] name = service.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(PREFIX_BYTES + 2 + name.length)
                .put((byte) 0)
                .putInt(2 + name.length)
                .put((byte) 0x0A) // field 1, length-delimited
                .put((byte) name.length)
                .put(name)
                .array();
    }

    private ServiceHealth answered(Http2ClientResponse response) throws IOException {
        if (response.status().code() != 200) {
            return health(
                    Status.CRITICAL,
                    endpoint.authority() + " answers " + response.status().code() + ", not gRPC");
        }
        byte[] answer = new byte[0];
        if (response.entity().hasEntity()) {
            try (InputStream in = response.inputStream()) {
                answer = in.readNBytes(ANSWER_BYTES_MAX);
            }
        }
        // An error without a message has its status in the headers. After a message the status is in a trailer, which
        // the library returns only if it was announced, which gRPC does not do; then the message has the result.
        Optional<String> error = value(response.headers(), GRPC_STATUS).filter(code -> !code.equals("0"));
        if (error.isPresent() || answer.length < PREFIX_BYTES) {
            String why = value(response.headers(), GRPC_MESSAGE)
                    .map(message -> ": " + MessageReader.echo(message))
                    .orElse("");
            return health(
                    Status.CRITICAL,
                    endpoint.authority() + " answers with gRPC status " + error.orElse("missing") + why);
        }
        int status = status(answer);
        String what = service.isEmpty() ? endpoint.authority() : service + " at " + endpoint.authority();
        return status == SERVING
                ? health(Status.PASSING, what + " is serving")
                : health(Status.CRITICAL, what + " is not serving (" + status + ")");
    }

    private static Optional<String> value(Headers headers, HeaderName name) {
        return headers.contains(name) ? Optional.of(headers.get(name)).map(Header::get) : Optional.empty();
    }

    /** Decodes the only field of the response; 0, which is UNKNOWN, if it is missing. */
    private static int status(byte[] answer) {
        boolean field = answer.length >= PREFIX_BYTES + 2 && answer[0] == 0 && answer[PREFIX_BYTES] == 0x08;
        return field ? answer[PREFIX_BYTES + 1] : 0;
    }

    private ServiceHealth health(Status status, String message) {
        return new ServiceHealth(status, message, time.instant(), Map.of());
    }
}
