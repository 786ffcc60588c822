package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ResponseMetadata;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.time.Time;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Headers and trailers as they are on the wire, of other clients and other servers. */
@Timeout(120)
class MetadataWireTest {
    private static final Operation LAST = Running.CONTRACT.operation("last").orElseThrow();
    private static final ResponseMetadata ANSWERED = ResponseMetadata.of(
            Headers.of("x-cost", "3").and("x-cost", "4, 5").and("x-key-bin", new byte[] {1}),
            Headers.of("x-rows", "17").and("x-sum-bin", new byte[] {0, -1}));

    private static Call call(Headers headers) {
        return new Call(Running.CONTRACT.name(), LAST, List.of(), Running.context(Duration.ofMinutes(1), headers));
    }

    private static HttpResponse<String> post(Running running, String... headers) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(
                            URI.create("http://" + running.server.endpoint().authority() + "/shop.Orders/last"))
                    .version(HttpClient.Version.HTTP_1_1)
                    .header("Content-Type", "application/json")
                    .headers(headers)
                    .POST(HttpRequest.BodyPublishers.ofString("{}"))
                    .build();
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void another_client_sends_and_gets_repeated_headers_and_bytes() throws Exception {
        var seen = new AtomicReference<Headers>();
        try (var running = new Running()) {
            running.host(call -> {
                seen.set(call.context().headers());
                return ServiceResponse.<Object>ok(Optional.empty()).with(ANSWERED);
            });
            HttpResponse<String> response = post(
                    running,
                    "X-Tenant",
                    "acme",
                    "X-Tenant",
                    "b, c",
                    "x-key-bin",
                    "AP8=,AQ",
                    "Treaty-Attempt",
                    "2",
                    "tracestate",
                    "a=b");
            assertThat(seen.get().all("x-tenant")).containsExactly("acme", "b, c");
            assertThat(seen.get().binary("x-key-bin")).containsExactly(new byte[] {0, -1}, new byte[] {1});
            assertThat(seen.get().contains("treaty-attempt")).isFalse();
            assertThat(seen.get().contains("tracestate")).isFalse();
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().allValues("x-cost")).containsExactly("3", "4, 5");
            assertThat(response.headers().allValues("x-key-bin"))
                    .as("without padding")
                    .containsExactly("AQ");
            assertThat(response.headers().allValues("trailer-x-rows")).containsExactly("17");
            assertThat(response.headers().allValues("trailer-x-sum-bin")).containsExactly("AP8");

            running.host(_ -> ServiceResponse.failed(Code.NOT_FOUND, "nothing").with(ANSWERED));
            HttpResponse<String> failed = post(running, "accept-encoding", "gzip");
            assertThat(failed.statusCode()).isEqualTo(404);
            assertThat(failed.headers().allValues("x-cost")).containsExactly("3", "4, 5");
            assertThat(failed.headers().allValues("trailer-x-rows")).containsExactly("17");

            running.host(_ ->
                    ServiceResponse.failed(Code.NOT_FOUND, "n".repeat(4_000)).with(ANSWERED));
            HttpResponse<String> compressed = post(running, "accept-encoding", "gzip");
            assertThat(compressed.headers().allValues("content-encoding")).containsExactly("gzip");
            assertThat(compressed.headers().allValues("trailer-x-rows")).containsExactly("17");
        }
    }

    @Test
    void bytes_that_are_not_base64_are_refused() throws Exception {
        try (var running = new Running()) {
            HttpResponse<String> response = post(running, "x-key-bin", "A?");
            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(response.headers().allValues("treaty-reached")).containsExactly("no");
            assertThat(response.body()).contains("invalid_argument", "the value of header x-key-bin is not Base64");
        }
    }

    @Test
    void the_headers_of_another_server_are_read_after_interim_responses_and_invalid_ones_are_left_out()
            throws Exception {
        String ok = String.join(
                "\r\n",
                "HTTP/1.1 103 Early Hints",
                "x-early: 1",
                "",
                "HTTP/1.1 200 OK",
                "Server: other",
                "X-Cost: 3",
                "Date: now",
                "x-cost:4, 5",
                "X-Key-Bin: AQ==",
                "x-bad-bin: ?",
                "x-latin: \u00e4",
                "trailer-x-rows: 17",
                "Trailer-X-Sum-Bin: AP8",
                "Content-Type: application/json",
                "Content-Length: 2",
                "Treaty-Reached: yes",
                "",
                "{}");
        String plain = FakeServer.ok("{}");
        String failed = "HTTP/1.1 404 Not Found\r\nx-cost: 9\r\nContent-Length: 0\r\n\r\n";
        try (var server = new FakeServer(socket -> {
                    for (String response : List.of(ok, plain, failed)) {
                        FakeServer.request(socket);
                        FakeServer.send(socket, response);
                    }
                });
                var transport = new HttpTransport(Time.system())) {
            var connection = transport.connect(server.endpoint());
            ServiceResponse<?> response = connection.handle(call(Headers.NONE));
            assertThat(response.orThrow()).isEqualTo(Optional.empty());
            assertThat(response.headers())
                    .isEqualTo(Headers.of("server", "other").with(ANSWERED.headers()));
            assertThat(response.trailers()).isEqualTo(ANSWERED.trailers());
            assertThat(connection.handle(call(Headers.NONE)).metadata())
                    .as("of another response on the connection")
                    .isSameAs(ResponseMetadata.NONE);
            assertThat(connection.handle(call(Headers.NONE)).headers()).isEqualTo(Headers.of("x-cost", "9"));
        }
    }

    @Test
    void received_headers_that_are_larger_than_may_be_sent_are_not_passed_on() throws Exception {
        var receiver = new Headers.Receiver();
        receiver.add("x", "v".repeat(Headers.BYTES_MAX));
        try (var running = new Running()) {
            ServiceResponse<?> response = running.connection.handle(call(receiver.headers()));
            assertThat(response).isInstanceOfSatisfying(ServiceResponse.Failed.class, refused -> {
                assertThat(refused.fault().code()).isEqualTo(Code.INVALID_ARGUMENT);
                assertThat(refused.fault().reached()).isFalse();
                assertThat(refused.fault().message()).contains("at most 64 headers of 8192 bytes together");
            });
        }
    }

    @Test
    void the_most_that_may_be_sent_arrives_in_both_directions() throws Exception {
        Headers most = Headers.of("x", "v".repeat(Headers.BYTES_MAX - 1));
        var seen = new ArrayList<Headers>();
        try (var running = new Running()) {
            running.host(call -> {
                seen.add(call.context().headers());
                return ServiceResponse.<Object>ok(Optional.empty()).with(ResponseMetadata.of(most, most));
            });
            ServiceResponse<?> response = running.connection.handle(call(most));
            assertThat(response.orThrow()).isEqualTo(Optional.empty());
            assertThat(seen).containsExactly(most);
            assertThat(response.metadata()).isEqualTo(ResponseMetadata.of(most, most));
        }
    }
}
