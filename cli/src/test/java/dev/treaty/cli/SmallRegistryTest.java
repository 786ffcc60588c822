package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.cli.up.ChildProcess;
import dev.treaty.codec.Json;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.registry.RegistryAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A registry with a heap of 256 MB into which clients put as much as they can. */
@Tag("long")
class SmallRegistryTest {
    private static final int CONTRACTS = 198;
    private static final int CONTRACT_LENGTH = 150_000;
    private static final int WATCHES = 1_500;

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(30))
            .build();

    private ServiceEndpoint endpoint = new ServiceEndpoint("http", "127.0.0.1", 1);

    private CompletableFuture<HttpResponse<String>> send(String operation, Map<String, Object> body) {
        var request = HttpRequest.newBuilder(URI.create(endpoint + "/treaty.Registry/" + operation))
                .header("Content-Type", "application/json")
                .timeout(Duration.ofSeconds(60))
                .POST(HttpRequest.BodyPublishers.ofString(Json.text(body)))
                .build();
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    }

    private static String contract(int number) {
        var text = new StringBuilder("contract big.Service" + number + " 1.0.0\n");
        for (int i = 0; text.length() < CONTRACT_LENGTH; i++) {
            text.append("operation").append(i).append("(first: string, second: int32, third: [string]) -> string\n");
        }
        return text.toString();
    }

    private Optional<String> refusal(String operation, Map<String, Object> body) {
        HttpResponse<String> response = send(operation, body).join();
        return response.statusCode() == 200 ? Optional.empty() : Optional.of(response.body());
    }

    private Map<?, ?> overview() {
        return (Map<?, ?>) Objects.requireNonNull(
                Json.read(send("overview", Map.of()).join().body()));
    }

    private static Map<String, Object> registration(String service, int number) {
        return Map.of(
                "instance",
                Map.of(
                        "id",
                        "instance-" + number,
                        "service",
                        service,
                        "version",
                        "1.0.0",
                        "host",
                        "10.1.2.3",
                        "port",
                        80,
                        "metadata",
                        Map.of("text", "x".repeat(8_000))),
                "token",
                "a-long-token",
                "leaseMillis",
                600_000);
    }

    private static void assertNamesTheLimit(Optional<String> refusal, String what) {
        assertThat(refusal.orElseThrow())
                .contains("resource_exhausted", "the " + what + " of the registry take", "over its limit", "-Xmx");
    }

    @Test
    void a_small_registry_answers_whatever_clients_put_into_it_R12() throws Exception {
        var command = ChildProcess.java(
                List.of("-Xmx256m"),
                ChildProcess.ownClassPath(),
                Main.class.getName(),
                List.of("registry", "--port", "0", "--json"));
        try (ChildProcess _ = ChildProcess.start(command, Map.of(), lines::add)) {
            var addresses = (Map<?, ?>) Json.read(String.valueOf(lines.poll(120, TimeUnit.SECONDS)));
            endpoint = ((RegistryAddress.Network) RegistryAddress.parse((String) addresses.get("registry"))).endpoint();

            Map<?, ?> empty = overview();
            Object revision = Objects.requireNonNull(empty.get("revision"));
            List<CompletableFuture<HttpResponse<String>>> watches = new ArrayList<>();
            for (int i = 0; i < WATCHES; i++) {
                Map<String, Object> since = Map.of("shop.Orders", revision, "shop.Service" + i, revision);
                watches.add(send(
                        "watch",
                        Map.of(
                                "since",
                                since,
                                "epoch",
                                Objects.requireNonNull(empty.get("epoch")),
                                "waitMillis",
                                25_000,
                                "watcher",
                                "w" + i)));
            }
            while (((Number) Objects.requireNonNull(overview().get("watches"))).intValue() < WATCHES
                    && watches.stream().noneMatch(CompletableFuture::isDone)) {
                Thread.yield();
            }
            publish(CONTRACTS);
            assertThat(refusal("register", registration("shop.Orders", 0))).isEmpty();
            for (var watch : watches) {
                assertThat(watch.join().statusCode()).isEqualTo(200);
            }
            assertThat(refusal("overview", Map.of())).isEmpty();

            int published = CONTRACTS;
            Optional<String> refused = Optional.empty();
            while (refused.isEmpty() && published < 10 * CONTRACTS) {
                refused = refusal("publish", Map.of("contract", contract(published++)));
            }
            assertNamesTheLimit(refused, "contracts");

            int registered = 0;
            Optional<String> full = Optional.empty();
            while (full.isEmpty() && registered < 100_000) {
                full = refusal("register", registration("big.Instances", ++registered));
            }
            assertNamesTheLimit(full, "instances");
            assertThat(registered).isGreaterThan(1_000);

            long began = System.nanoTime();
            assertThat(refusal("overview", Map.of())).isEmpty();
            assertThat(refusal("contract", Map.of("service", "big.Service0"))).isEmpty();
            assertThat(refusal("instances", Map.of("service", "big.Instances"))).isEmpty();
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
            assertThat(lines).noneMatch(line -> line.contains("OutOfMemoryError"));
        }
    }

    private void publish(int contracts) throws Exception {
        try (var threads = Executors.newFixedThreadPool(8)) {
            List<Future<Optional<String>>> answers = new ArrayList<>();
            for (int i = 0; i < contracts; i++) {
                int number = i;
                answers.add(threads.submit(() -> refusal("publish", Map.of("contract", contract(number)))));
            }
            for (Future<Optional<String>> answer : answers) {
                assertThat(answer.get()).isEmpty();
            }
        }
    }
}
