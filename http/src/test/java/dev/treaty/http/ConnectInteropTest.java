package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Dispatcher;
import dev.treaty.core.call.FaultDetail;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Node;
import dev.treaty.fixtures.Shop;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The Connect client for JavaScript calls the server. */
class ConnectInteropTest {
    /** Adds an order's id, as Protobuf encodes it, to a fault. */
    private static ServiceResponse<?> withId(ServiceResponse<?> response) {
        return response instanceof ServiceResponse.Failed<?> failed
                ? ServiceResponse.failed(
                        failed.fault().detail(new FaultDetail("shop.OrderId", new byte[] {0x0A, 1, '7'})))
                : response;
    }

    @Test
    void a_connect_client_in_another_language_calls_the_service() throws Exception {
        try (var running = new Running()) {
            var line = new Shop.Line("tea", 2);
            running.shop.place(new Shop.Order("42", Shop.Status.PAID, List.of(line), new Shop.Card("1")));
            var timeoutMillis = new CompletableFuture<Long>();
            Handler shop = Dispatcher.of(Shop.class, Running.CONTRACT, running.shop, (_, _) -> {});
            running.host(call -> {
                if (!call.operation().name().equals("last")) {
                    return withId(shop.handle(call));
                }
                long left = call.context().deadline().remainingNanos(Time.system());
                timeoutMillis.complete(Duration.ofNanos(left).toMillis());
                Time.system().sleep(left);
                return ServiceResponse.failed(Code.DEADLINE_EXCEEDED, "the deadline passed");
            });

            List<String> lines =
                    Node.run("connect.mjs", "", running.server.endpoint().toString());

            String order = "{\"id\":\"42\",\"status\":\"PAID\",\"lines\":[{\"sku\":\"tea\",\"quantity\":2}]}";
            assertThat(lines).hasSize(4);
            assertThat(lines.get(0)).isEqualTo(order);
            assertThat(lines.get(1)).isEqualTo("{\"result\":[" + order + "]}");
            assertThat(lines.get(2))
                    .isEqualTo("{\"code\":\"NotFound\",\"message\":\"there is no order 7\",\"ids\":[\"7\"]}");
            assertThat(lines.get(3)).startsWith("{\"code\":\"DeadlineExceeded\"");
            assertThat(timeoutMillis.get(60, TimeUnit.SECONDS)).isBetween(1L, 2_000L);
        }
    }
}
