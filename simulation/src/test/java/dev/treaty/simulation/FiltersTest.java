package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.Filters;
import dev.treaty.Filters.Place;
import dev.treaty.Platform;
import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.FaultDetail;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.event.Event;
import dev.treaty.core.time.Time;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Filters of an application at their places, over HTTP and in memory. */
@Timeout(120)
class FiltersTest {
    // The types of frames and their flags in HTTP/2.
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    private static final ServiceName SHOP = new ServiceName("test.Shop");
    private static final ScopedValue<String> TENANT = ScopedValue.newInstance();

    private static final Filter SEND_TENANT = (call, next) -> TENANT.isBound()
            ? next.handle(call.with(call.context().with(Headers.of("x-tenant", TENANT.get()))))
            : next.handle(call);

    private static final Filter REQUIRE_TENANT =
            (call, next) -> call.context().headers().contains("x-tenant")
                    ? next.handle(call)
                    : ServiceResponse.failed(Fault.unreached(Code.INVALID_ARGUMENT, "the header x-tenant is missing"));

    /** The example of the documentation. */
    private static final Filters TENANTS = Filters.NONE
            .with(Place.CLIENT_CALL, "send tenant", SEND_TENANT)
            .with(Place.SERVER_HANDLER, "require tenant", REQUIRE_TENANT);

    private static final String ONE_SERVED = """
        defaults: {level: none}
        server: {limits: {concurrency: {limit: 1, queue: 0}}}
        """;
    private static final String ONE_CALLED = """
        defaults:
          retry: {attempts: 1}
          concurrency: {limit: 1, queue: 0}
          breaker: {consecutive-failures: 1}
        """;

    /** How calls travel. */
    enum Network {
        HTTP,
        MEMORY
    }

    /** A contract of the test. */
    @Contract(name = "test.Shop", version = "1.0.0")
    public interface Shop {
        /** Returns the tenant, or the id. */
        @Idempotent
        String get(String id);

        /** Places an order. */
        void place(String id);
    }

    private static class Tenants implements Shop {
        final AtomicInteger calls = new AtomicInteger();

        @Override
        public String get(String id) {
            calls.incrementAndGet();
            CallContext context = CallContext.current().orElseThrow();
            return context.headers().get("x-tenant").orElse(id);
        }

        @Override
        public void place(String id) {
            calls.incrementAndGet();
            throw new ServiceException(Code.UNAVAILABLE, "closed");
        }
    }

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final MemoryPlatform memory = new MemoryPlatform(Time.system());
    private final Tenants tenants = new Tenants();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private Treaty open(Network network, Filters filters, String yaml) {
        Platform platform = network == Network.MEMORY ? memory.platform(opened.size()) : Platform.system();
        Treaty treaty = Treaty.open(
                Settings.parse(
                        "test",
                        yaml,
                        Map.of(
                                "TREATY_SERVER_DRAIN", "0s",
                                "TREATY_DEFAULTS_DEADLINE", "1m",
                                "TREATY_DEFAULTS_ATTEMPT_TIMEOUT", "1m")),
                filters,
                platform);
        opened.add(treaty);
        treaty.events().subscribe(event -> {
            if (event instanceof Event.HandlerFailed failed) {
                failures.add(failed.cause() + " by " + failed.cause().getCause());
            }
        });
        return treaty;
    }

    private static void assertFault(ServiceResponse<?> response, Code code, String message) {
        assertThat(response).isInstanceOfSatisfying(ServiceResponse.Failed.class, failed -> {
            assertThat(failed.fault().code()).isEqualTo(code);
            assertThat(failed.fault().message()).isEqualTo(message);
        });
    }

    @ParameterizedTest
    @EnumSource
    void a_tenant_is_sent_and_required(Network network) {
        Treaty treaty = open(network, TENANTS, "");
        treaty.serve(Shop.class, tenants);
        Shop shop = treaty.client(Shop.class);

        assertThat(ScopedValue.where(TENANT, "acme").call(() -> shop.get("42"))).isEqualTo("acme");
        assertThat(treaty.withHeaders(Headers.of("x-tenant", "other"), () -> shop.get("42")))
                .isEqualTo("other");
        assertFault(treaty.respond(() -> shop.get("42")), Code.INVALID_ARGUMENT, "the header x-tenant is missing");
        assertThat(tenants.calls).as("the third call did not reach the handler").hasValue(2);
    }

    @Test
    void a_tenant_is_required_of_other_clients_over_http_1_and_2() throws Exception {
        Treaty treaty = open(Network.HTTP, TENANTS, "");
        ServiceEndpoint endpoint = treaty.serve(Shop.class, tenants).instance().endpoint();
        assertThat(callOverHttp1(endpoint, "x-tenant")).startsWith("200 ").contains("\"acme\"");
        assertThat(callOverHttp1(endpoint, "x-other"))
                .startsWith("400 ")
                .contains("invalid_argument", "the header x-tenant is missing");
        assertThat(callOverHttp2(endpoint, "x-tenant")).contains("\"acme\"");
        assertThat(callOverHttp2(endpoint, "x-other")).contains("invalid_argument", "the header x-tenant is missing");
        assertThat(tenants.calls).hasValue(2);
    }

    /** Calls with a header and returns the status and the body of the response. */
    private static String callOverHttp1(ServiceEndpoint endpoint, String header) throws IOException {
        var connection = (HttpURLConnection) URI.create("http://" + endpoint.authority() + "/test.Shop/get")
                .toURL()
                .openConnection();
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setRequestProperty(header, "acme");
        connection.setDoOutput(true);
        connection.getOutputStream().write("{\"id\":\"42\"}".getBytes(StandardCharsets.US_ASCII));
        int status = connection.getResponseCode();
        try (InputStream body = status == 200 ? connection.getInputStream() : connection.getErrorStream()) {
            return status + " " + new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Calls with a header, in frames that the test writes, and returns the body of the response. */
    private static String callOverHttp2(ServiceEndpoint endpoint, String header) throws IOException {
        var block = new ByteArrayOutputStream();
        String[] texts = {
            ":method",
            "POST",
            ":scheme",
            "http",
            ":path",
            "/test.Shop/get",
            ":authority",
            endpoint.authority(),
            "content-type",
            "application/json",
            header,
            "acme"
        };
        for (int i = 0; i < texts.length; i++) {
            if (i % 2 == 0) {
                block.write(0); // a name and a value, not compressed
            }
            block.write(texts[i].length());
            block.writeBytes(texts[i].getBytes(StandardCharsets.US_ASCII));
        }
        try (var socket = new Socket(endpoint.host(), endpoint.port())) {
            socket.setSoTimeout(60_000);
            var out = socket.getOutputStream();
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            out.write(frame(SETTINGS, 0, 0, new byte[0]));
            out.write(frame(HEADERS, END_HEADERS, 1, block.toByteArray()));
            out.write(frame(DATA, END_STREAM, 1, "{\"id\":\"42\"}".getBytes(StandardCharsets.US_ASCII)));
            var in = new DataInputStream(socket.getInputStream());
            while (true) {
                int length = (in.readUnsignedByte() << 16) | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                in.skipNBytes(5); // the flags and the stream
                byte[] payload = in.readNBytes(length);
                if (type == DATA) {
                    return new String(payload, StandardCharsets.UTF_8);
                }
            }
        }
    }

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) 0)
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    @ParameterizedTest
    @EnumSource
    void filters_run_at_their_places_in_order_and_are_described_there(Network network) {
        Queue<String> order = new ConcurrentLinkedQueue<>();
        Filters filters = Filters.NONE;
        for (Place place : Place.values()) {
            for (String name : List.of("first", "second")) {
                String full = name + " " + place;
                filters = filters.with(place, full, (call, next) -> {
                    order.add(full);
                    var response = next.handle(call);
                    order.add("after " + full);
                    return response;
                });
            }
        }
        Treaty treaty = open(network, filters, "");
        var service = treaty.serve(Shop.class, tenants);

        assertThat(treaty.client(Shop.class).get("42")).isEqualTo("42");

        assertThat(order)
                .containsExactly(
                        "first CLIENT_CALL",
                        "second CLIENT_CALL",
                        "first CLIENT_ATTEMPT",
                        "second CLIENT_ATTEMPT",
                        "first SERVER_ADMISSION",
                        "second SERVER_ADMISSION",
                        "first SERVER_HANDLER",
                        "second SERVER_HANDLER",
                        "after second SERVER_HANDLER",
                        "after first SERVER_HANDLER",
                        "after second SERVER_ADMISSION",
                        "after first SERVER_ADMISSION",
                        "after second CLIENT_ATTEMPT",
                        "after first CLIENT_ATTEMPT",
                        "after second CLIENT_CALL",
                        "after first CLIENT_CALL");
        assertThat(steps(treaty.describe(SHOP)))
                .containsExactly(
                        "observe",
                        "first CLIENT_CALL",
                        "second CLIENT_CALL",
                        "guard",
                        "balance",
                        "first CLIENT_ATTEMPT",
                        "second CLIENT_ATTEMPT",
                        "attempt");
        assertThat(steps(service.describe()))
                .containsExactly(
                        "observe",
                        "deadline",
                        "first SERVER_ADMISSION",
                        "second SERVER_ADMISSION",
                        "limit",
                        "first SERVER_HANDLER",
                        "second SERVER_HANDLER",
                        "dispatch");
    }

    private static List<String> steps(String description) {
        return description
                .lines()
                .filter(line -> !line.startsWith(" "))
                .map(line -> line.replaceFirst("(?<=[A-Z]) .*|(?<=^[a-z]{1,9})  .*", ""))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void a_filter_observes_and_changes_the_response(Network network) {
        Filters filters = Filters.NONE
                .with(
                        Place.SERVER_HANDLER,
                        "cost",
                        (call, next) -> next.handle(call)
                                .withHeaders(Headers.of("x-cost", "3"))
                                .withTrailers(Headers.of("x-rows", "17")))
                .with(Place.CLIENT_CALL, "cost", (call, next) -> {
                    ServiceResponse<?> response = next.handle(call);
                    return response.headers().contains("x-cost") ? ServiceResponse.ok("paid") : response;
                });
        Treaty treaty = open(network, filters, "");
        treaty.serve(Shop.class, tenants);
        Shop shop = treaty.client(Shop.class);
        assertThat(shop.get("42")).isEqualTo("paid");
    }

    @ParameterizedTest
    @EnumSource
    void an_exception_of_a_filter_is_an_internal_fault_with_its_name_and_nothing_else(Place place) {
        AtomicReference<Filter> current = new AtomicReference<>();
        Treaty treaty = open(
                Network.HTTP,
                Filters.NONE.with(
                        place, "the broken one", (call, next) -> current.get().handle(call, next)),
                "defaults: {retry: {attempts: 1}}\n");
        treaty.serve(Shop.class, tenants);
        Shop shop = treaty.client(Shop.class);
        for (Filter broken : List.<Filter>of(
                (_, _) -> {
                    throw new IllegalStateException("secret text");
                },
                (_, _) -> null)) {
            current.set(broken);
            assertFault(
                    treaty.respond(() -> shop.get("42")),
                    Code.INTERNAL,
                    "the filter \"the broken one\" failed for test.Shop/get");
        }
        assertThat(failures)
                .as("the log has the rest")
                .hasSize(2)
                .first()
                .asString()
                .contains("the filter \"the broken one\" failed", "secret text");
        current.set((_, _) -> {
            throw new ServiceException(
                    Fault.unreached(Code.PERMISSION_DENIED, "not you").detail(FaultDetail.text("test.Rule", "7")));
        });
        ServiceResponse<String> refused = treaty.respond(() -> shop.get("42"));
        assertFault(refused, Code.PERMISSION_DENIED, "not you");
        Fault fault = ((ServiceResponse.Failed<?>) refused).fault();
        assertThat(fault.reached()).isTrue();
        assertThat(fault.details()).containsExactly(FaultDetail.text("test.Rule", "7"));
        assertThat(tenants.calls).hasValue(0);
        current.set((call, next) -> next.handle(call));
        assertThat(shop.get("42")).isEqualTo("42");
    }

    @ParameterizedTest
    @EnumSource
    void an_error_or_an_interrupt_in_a_filter_gives_all_permits_back(Place place) throws Exception {
        AtomicReference<Filter> current = new AtomicReference<>((call, next) -> next.handle(call));
        boolean server = place.name().startsWith("SERVER");
        Treaty treaty = open(
                Network.HTTP,
                Filters.NONE.with(place, "broken", (call, next) -> current.get().handle(call, next)),
                server ? ONE_SERVED : ONE_CALLED);
        treaty.serve(Shop.class, tenants);
        Shop shop = treaty.client(Shop.class);
        assertThat(shop.get("42")).isEqualTo("42");
        for (int i = 0; i < 3; i++) {
            current.set((_, _) -> {
                throw new AssertionError("broken");
            });
            assertThatThrownBy(() -> shop.get("42")).isInstanceOfAny(AssertionError.class, ServiceException.class);
            var begun = new CountDownLatch(1);
            var interrupted = new CountDownLatch(1);
            current.set((_, _) -> {
                begun.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    interrupted.countDown();
                    throw e;
                }
                throw new AssertionError("not interrupted");
            });
            if (server) { // interrupted at the deadline
                var call = Map.of("id", "42");
                var response = treaty.client().call("test.Shop", "get", call, Duration.ofMillis(200), Headers.NONE);
                assertThat(response.succeeded()).isFalse();
            } else {
                Thread caller = Thread.ofVirtual()
                        .start(() -> assertThatThrownBy(() -> shop.get("42")).hasMessageContaining("interrupted"));
                begun.await();
                caller.interrupt();
                caller.join();
            }
            interrupted.await();
            current.set((call, next) -> next.handle(call));
            assertThat(shop.get("42")).isEqualTo("42");
        }
    }

    @ParameterizedTest
    @EnumSource
    void each_attempt_passes_its_filters_and_a_refusal_there_blames_no_instance(Network network) {
        var attempts = new AtomicInteger();
        var refusing = new AtomicReference<>(false);
        Treaty treaty = open(
                network,
                Filters.NONE.with(Place.CLIENT_ATTEMPT, "number", (call, next) -> {
                    attempts.incrementAndGet();
                    return refusing.get()
                            ? ServiceResponse.failed(Code.INTERNAL, "no token")
                            : next.handle(call.with(call.context()
                                    .with(Headers.of(
                                            "x-tenant", "t" + call.context().attempt()))));
                }),
                "defaults: {retry: {attempts: 3, backoff: 1ms, budget: 100%}, breaker: {consecutive-failures: 3}}\n");
        var handled = new AtomicInteger();
        treaty.serve(Shop.class, new Tenants() {
            @Override
            public String get(String id) {
                if (handled.incrementAndGet() < 3) {
                    throw new ServiceException(Code.ABORTED, "again");
                }
                return super.get(id);
            }
        });
        Shop shop = treaty.client(Shop.class);
        assertThat(shop.get("42")).isEqualTo("t3");
        assertThat(attempts).hasValue(3);
        refusing.set(true);
        for (int i = 0; i < 50; i++) {
            assertFault(treaty.respond(() -> shop.get("42")), Code.INTERNAL, "no token");
        }
        refusing.set(false);
        assertThat(shop.get("42")).as("no breaker has opened").isEqualTo("t1");
        assertThat(handled).hasValue(4);
    }

    @Test
    void an_attempt_is_sent_once() {
        Treaty treaty = open(
                Network.HTTP,
                Filters.NONE.with(Place.CLIENT_ATTEMPT, "twice", (call, next) -> {
                    next.handle(call);
                    return next.handle(call);
                }),
                "defaults: {retry: {attempts: 1}}\n");
        treaty.serve(Shop.class, tenants);
        Shop shop = treaty.client(Shop.class);
        assertFault(
                treaty.respond(() -> shop.get("42")), Code.INTERNAL, "the filter \"twice\" failed for test.Shop/get");
        assertThat(tenants.calls).hasValue(1);
        assertThat(failures).singleElement().asString().contains("an attempt is sent once");
    }

    @ParameterizedTest
    @EnumSource
    void a_dynamic_client_passes_the_filters_and_own_services_do_not(Network network) throws Exception {
        Queue<String> paths = new ConcurrentLinkedQueue<>();
        Filter record = (call, next) -> {
            paths.add(call.path());
            return next.handle(call);
        };
        Treaty treaty = open(
                network,
                Filters.NONE.with(Place.CLIENT_CALL, "record", record).with(Place.SERVER_ADMISSION, "record", record),
                "");
        treaty.serveRegistry();
        treaty.serve(Shop.class, tenants);
        treaty.client().call("test.Shop", "get", Map.of("id", "42"));
        assertThat(paths).containsExactly("test.Shop/get", "test.Shop/get");
    }

    @Test
    void names_of_filters_are_printable() {
        for (String name : List.of("", " ", "a\nb", "x".repeat(Filters.NAME_LENGTH_MAX + 1))) {
            assertThatThrownBy(() -> Filters.NONE.with(Place.CLIENT_CALL, name, SEND_TENANT))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the name of a filter");
        }
    }
}
