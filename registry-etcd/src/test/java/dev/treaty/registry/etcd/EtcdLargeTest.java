package dev.treaty.registry.etcd;

import static dev.treaty.registry.etcd.Etcd.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import dev.treaty.simulation.WatchRecorder;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Services of which etcd has more to say than a gRPC message holds by default, and watches that it cannot serve. */
class EtcdLargeTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");
    private static final RegistryContext SURROUNDINGS = Etcd.surroundings(RegistryPolicy.STANDARD, Events.NONE);

    /** More than are read at a time, and more than 4 MiB together. */
    private static final int INSTANCES = 1_100;

    private static Etcd etcd;
    private static Client raw;

    @BeforeAll
    static void start() {
        etcd = Etcd.start(1);
        raw = Client.builder().endpoints("http://127.0.0.1:" + etcd.only().port).build();
    }

    @AfterAll
    static void stop() {
        raw.close();
        etcd.close();
    }

    /** Writes all instances as other programs would. */
    private static void write(String prefix, int weight) {
        CompletableFuture.allOf(IntStream.range(0, INSTANCES)
                        .mapToObj(i -> write(prefix, "i" + i, weight))
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    private static CompletableFuture<?> write(String prefix, String id, int weight) {
        var endpoint = new ServiceEndpoint("http", "127.0.0.1", 8080);
        var instance = ServiceInstance.of(id, ORDERS, new Version(1, 0, 0), endpoint, STARTED)
                .withHealth(ServiceHealth.of(Status.PASSING, STARTED))
                .withWeight(weight)
                .withMetadata(Map.of("about", "x".repeat(8_000)));
        String value = SURROUNDINGS.format().write(RegistryProtocol.Instance.of(instance));
        return raw.getKVClient().put(bytes("/" + prefix + "/instances/" + ORDERS + "/" + id), bytes(value));
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    @Test
    void a_large_service_is_seen_and_followed() {
        write("large", 1);
        try (var client = Etcd.open(etcd.address("large"), RegistryPolicy.STANDARD, Events.NONE)) {
            assertThat(client.lookup(ORDERS)).hasSize(INSTANCES);
            assertThat(client.services()).isEqualTo(Set.of(ORDERS));
            var seen = new WatchRecorder();
            client.watch(ORDERS, seen);
            assertThat(seen.until(view -> view.size() == INSTANCES)).containsKeys("i0", "i" + (INSTANCES - 1));
            write("large", "new", 1).join();
            seen.until(view -> view.containsKey("new"));
        }
    }

    @Test
    void a_watch_catches_up_on_many_changes_at_once() {
        write("behind", 1);
        var engine = new EtcdBackend(EtcdAddress.parse(Etcd.provided(etcd.address("behind"))), SURROUNDINGS);
        ConcurrentMap<String, String> view = new ConcurrentHashMap<>();
        var told = new LinkedBlockingQueue<String>();
        try (var _ = engine.follow(ORDERS, new Recording(told) {
            @Override
            public void complete(Map<String, String> instances) {
                super.complete(instances);
                write("behind", 2); // after the set has been read, and before the watch begins
            }

            @Override
            public void changed(String id, String value) {
                view.put(id, value);
            }
        })) {
            await(() -> view.size() == INSTANCES);
            assertThat(told).containsExactly("complete");
        } finally {
            engine.close();
        }
    }

    /** What an engine tells of the state of a following. */
    private static class Recording implements Backend.Follower {
        private final BlockingQueue<String> told;

        Recording(BlockingQueue<String> told) {
            this.told = told;
        }

        @Override
        public void complete(Map<String, String> instances) {
            told.add("complete");
        }

        @Override
        public void changed(String id, String value) {}

        @Override
        public void removed(String id, String reason) {}

        @Override
        public void failed(String why) {
            told.add("failed: " + why);
        }
    }

    /** An etcd that answers questions and breaks every watch before it says anything. */
    private static Server withoutWatches() throws IOException {
        return Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(new KVGrpc.KVImplBase() {
                    @Override
                    public void range(RangeRequest request, StreamObserver<RangeResponse> answer) {
                        answer.onNext(RangeResponse.newBuilder()
                                .setHeader(ResponseHeader.newBuilder().setRevision(7))
                                .build());
                        answer.onCompleted();
                    }
                })
                .addService(new WatchGrpc.WatchImplBase() {
                    @Override
                    public StreamObserver<WatchRequest> watch(StreamObserver<WatchResponse> answer) {
                        answer.onError(io.grpc.Status.RESOURCE_EXHAUSTED
                                .withDescription("too much to say")
                                .asRuntimeException());
                        return new StreamObserver<>() {
                            @Override
                            public void onNext(WatchRequest request) {}

                            @Override
                            public void onError(Throwable e) {}

                            @Override
                            public void onCompleted() {}
                        };
                    }
                })
                .build()
                .start();
    }

    @Test
    void a_watch_that_breaks_again_and_again_is_told_and_the_set_read_anew() throws IOException, InterruptedException {
        var time = new ManualTime();
        var surroundings = new RegistryContext(
                SURROUNDINGS.self(),
                SURROUNDINGS.policy(),
                time,
                SURROUNDINGS.random(),
                Events.NONE,
                SURROUNDINGS.format());
        var told = new LinkedBlockingQueue<String>();
        Server server = withoutWatches();
        var engine = new EtcdBackend(
                EtcdAddress.parse(Etcd.provided("etcd://127.0.0.1:" + server.getPort() + "/broken")), surroundings);
        try (var _ = engine.follow(ORDERS, new Recording(told))) {
            assertThat(next(told, time)).isEqualTo("complete");
            assertThat(next(told, time)).startsWith("failed: ").contains("too much to say");
            assertThat(next(told, time)).isEqualTo("complete");
        } finally {
            engine.close();
            server.shutdownNow();
        }
    }

    private static String next(BlockingQueue<String> told, ManualTime time) throws InterruptedException {
        long end = System.nanoTime() + Etcd.PATIENCE.toNanos();
        while (true) {
            String next = told.poll(1, TimeUnit.MILLISECONDS);
            if (next != null) {
                return next;
            }
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds over the time to wait")
                    .isNegative();
            time.advance(Duration.ofMillis(5));
        }
    }
}
