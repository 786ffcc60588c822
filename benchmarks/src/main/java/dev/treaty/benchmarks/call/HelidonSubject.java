package dev.treaty.benchmarks.call;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import tools.jackson.databind.json.JsonMapper;

/** What one would write without a library for services: the JDK's HTTP client, Helidon's server, Jackson. */
final class HelidonSubject implements Subject {
    private static final String PATH = "/bench.Echo/echo";
    private static final String JSON = "application/json";

    private final JsonMapper mapper = JsonMapper.builder().build();

    @Override
    public String name() {
        return "helidon";
    }

    @Override
    public String about() {
        return "JDK HttpClient to Helidon WebServer over HTTP/1.1, blocking calls with a timeout, handlers on virtual"
                + " threads; the order as JSON by Jackson, " + Message.JSON_BYTES + " bytes";
    }

    @Override
    public Server serve() {
        WebServer server = WebServer.builder()
                .host("127.0.0.1")
                .port(0)
                .shutdownHook(false)
                .connectionOptions(options -> options.tcpNoDelay(true))
                .routing(routing -> routing.post(PATH, (request, response) -> {
                    Order order = mapper.readValue(request.content().as(byte[].class), Order.class);
                    response.headers().set(HeaderNames.CONTENT_TYPE, JSON);
                    response.send(mapper.writeValueAsBytes(order));
                }))
                .build()
                .start();
        return new Server() {
            @Override
            public int port() {
                return server.port();
            }

            @Override
            public void close() {
                server.stop();
            }
        };
    }

    @Override
    public Client connect(int port) {
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        URI uri = URI.create("http://127.0.0.1:" + port + PATH);
        return new Client() {
            @Override
            public Caller caller() {
                return message -> {
                    HttpRequest request = HttpRequest.newBuilder(uri)
                            .timeout(DEADLINE)
                            .header("Content-Type", JSON)
                            .POST(BodyPublishers.ofByteArray(mapper.writeValueAsBytes(message.order())))
                            .build();
                    HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
                    return response.statusCode() == 200
                            && mapper.readValue(response.body(), Order.class).equals(message.order());
                };
            }

            @Override
            public void close() {
                client.close();
            }
        };
    }
}
