package dev.treaty.security.keys;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON of providers over HTTP: at most 512 KiB in 5 seconds, without following redirects. Certificates are
 * checked with the JVM's trust store. It is thread-safe.
 */
public final class WebReader {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int BYTES_MAX = 512 << 10;
    private static final int OK = 200;

    /** Created at first use, since it starts threads. */
    private @Nullable HttpClient client;

    private synchronized HttpClient client() {
        HttpClient created = client;
        if (created == null) {
            created = HttpClient.newBuilder()
                    .connectTimeout(TIMEOUT)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .build();
            client = created;
        }
        return created;
    }

    /**
     * Reads a JSON object.
     *
     * @throws IOException if it cannot be read, is too large or takes too long
     */
    Map<?, ?> get(URI address) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(SafeAddress.check(address)).GET());
    }

    /**
     * Sends a form, and reads a JSON object.
     *
     * @throws IOException if that fails
     */
    Map<?, ?> post(URI address, String form, String authorization) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(SafeAddress.check(address))
                .header("content-type", "application/x-www-form-urlencoded")
                .header("authorization", authorization)
                .POST(HttpRequest.BodyPublishers.ofString(form)));
    }

    private Map<?, ?> send(HttpRequest.Builder builder) throws IOException, InterruptedException {
        HttpRequest request =
                builder.header("accept", "application/json").timeout(TIMEOUT).build();
        CompletableFuture<HttpResponse<byte[]>> future = client().sendAsync(
                        request,
                        HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofByteArray(), BYTES_MAX));
        HttpResponse<byte[]> response;
        try {
            response = future.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException("it cannot be read: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new IOException("it takes longer than " + TIMEOUT.toSeconds() + " s", e);
        } finally {
            future.cancel(true);
        }
        if (response.statusCode() != OK) {
            throw new IOException("its status is " + response.statusCode());
        }
        try {
            if (Json.read(new String(response.body(), StandardCharsets.UTF_8)) instanceof Map<?, ?> map) {
                return map;
            }
        } catch (MessageException e) {
            // the text is that of another process
        }
        throw new IOException("it is not a JSON object");
    }
}
