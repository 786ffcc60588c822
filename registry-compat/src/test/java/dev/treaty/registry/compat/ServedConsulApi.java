package dev.treaty.registry.compat;

import dev.treaty.Treaty;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;

/** A registry with Consul's API, for tests that send requests to it. */
abstract class ServedConsulApi {
    final Treaty treaty = Treaty.open();
    final ConsulApi api = new ConsulApi(treaty.registry(), Time.system());
    final HttpServer server = new HttpServer(HttpServerOptions.STANDARD, Time.system(), RandomSource.system());
    final HttpClient http = HttpClient.newHttpClient();

    ServedConsulApi() {
        server.handle("/v1/", api);
    }

    @AfterEach
    void close() {
        api.close();
        server.close();
        treaty.close();
        http.close();
    }

    HttpResponse<String> ask(String method, String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(server.endpoint() + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
