package dev.treaty.registry.etcd;

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
import dev.treaty.simulation.Polling;
import dev.treaty.simulation.WatchRecorder;
import io.etcd.jetcd.ByteSequence;
import com.google.protobuf.ByteString;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.api.Event;
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
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Services larger than a gRPC message may be by default, and watches that etcd cannot serve. */
class EtcdLargeTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");
    private static final RegistryContext CONTEXT = Etcd.context(RegistryPolicy.STANDARD, Events.NONE);

    /** More than one page, and more than 4 MiB. */
    private static final int INSTANCES = 1_100;

    private static Etcd etcd;
    private static Client client;

    @BeforeAll
    static void start() {
        etcd = Etcd.start(1);
        client = etcd.client();
    }

    @AfterAll
    static void stop() {
        client.close();
        etcd.close();
    }

    /** Writes all instances as other programs do. */
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
        String value = CONTEXT.format().write(RegistryProtocol.Instance.of(instance));
        return client.getKVClient().put(bytes("/" + prefix + "/instances/" + ORDERS + "/" + id), bytes(value));
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }

    @Test
    void a_large_service_is_read_and_watched() {
        write("large", 1);
        try (var registry = Etcd.open(etcd.address("large"), RegistryPolicy.STANDARD, Events.NONE)) {
            assertThat(registry.lookup(ORDERS)).hasSize(INSTANCES);
            assertThat(registry.services()).isEqualTo(Set.of(ORDERS));
            var watcher = new WatchRecorder();
            registry.watch(ORDERS, watcher);
            assertThat(watcher.until(view -> view.size() == INSTANCES)).containsKeys("i0", "i" + (INSTANCES - 1));
            write("large", "new", 1).join();
            watcher.until(view -> view.containsKey("new"));
        }
    }

    @Test
    void a_watch_catches_up_on_many_changes_at_once() {
        write("behind", 1);
        var backend = new EtcdBackend(Etcd.provided(etcd.address("behind")), CONTEXT);
        ConcurrentMap<String, String> view = new ConcurrentHashMap<>();
        var calls = new LinkedBlockingQueue<String>();
        try (var _ = backend.follow(ORDERS, new StateRecorder(calls) {
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
            Polling.until(() -> view.size() == INSTANCES);
            assertThat(calls).containsExactly("complete");
        } finally {
            backend.close();
        }
    }

    /** Records the state changes of a follower. */
    private static class StateRecorder implements Backend.Follower {
        private final BlockingQueue<String> calls;

        StateRecorder(BlockingQueue<String> calls) {
            this.calls = calls;
        }

        @Override
        public void complete(Map<String, String> instances) {
            calls.add("complete");
        }

        @Override
        public void changed(String id, String value) {}

        @Override
        public void removed(String id, String reason) {}

        @Override
        public void failed(String why) {
            calls.add("failed: " + why);
        }
    }

    /** Starts a server that answers reads and breaks each watch before its first event. */
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
                                .withDescription("too many events")
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
    void a_watch_that_breaks_repeatedly_is_reported_and_the_set_read_again() throws IOException {
        var time = new ManualTime();
        var context = new RegistryContext(
                CONTEXT.self(), CONTEXT.policy(), time, CONTEXT.random(), Events.NONE, CONTEXT.format());
        var calls = new LinkedBlockingQueue<String>();
        Server server = withoutWatches();
        var backend = new EtcdBackend(Etcd.provided("etcd://127.0.0.1:" + server.getPort() + "/broken"), context);
        try (var _ = backend.follow(ORDERS, new StateRecorder(calls))) {
            String call = next(calls, time);
            while (call.equals("complete")) {
                call = next(calls, time);
            }
            assertThat(call).startsWith("failed: ").contains("too many events");
            assertThat(next(calls, time)).isEqualTo("complete");
        } finally {
            backend.close();
            server.shutdownNow();
        }
    }

    /** Starts a server whose watches report one change of another history than the set that was read. */
    private static Server withHistory(long cluster, long revision) throws IOException {
        return Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(new KVGrpc.KVImplBase() {
                    @Override
                    public void range(RangeRequest request, StreamObserver<RangeResponse> answer) {
                        answer.onNext(RangeResponse.newBuilder()
                                .setHeader(ResponseHeader.newBuilder()
                                        .setClusterId(1)
                                        .setRevision(67))
                                .build());
                        answer.onCompleted();
                    }
                })
                .addService(new WatchGrpc.WatchImplBase() {
                    @Override
                    public StreamObserver<WatchRequest> watch(StreamObserver<WatchResponse> answer) {
                        return new StreamObserver<>() {
                            @Override
                            public void onNext(WatchRequest request) {
                                var header = ResponseHeader.newBuilder()
                                        .setClusterId(cluster)
                                        .setRevision(revision);
                                var change = io.etcd.jetcd.api.KeyValue.newBuilder()
                                        .setKey(ByteString.copyFromUtf8("/h/instances/shop.Orders/new"))
                                        .setModRevision(revision);
                                answer.onNext(WatchResponse.newBuilder()
                                        .setHeader(header)
                                        .setCreated(true)
                                        .build());
                                answer.onNext(WatchResponse.newBuilder()
                                        .setHeader(header)
                                        .addEvents(Event.newBuilder().setKv(change))
                                        .build());
                            }

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

    @ParameterizedTest
    @CsvSource({"1, 4", "2, 68"})
    void a_watch_of_another_history_reads_the_set_again_R1(long cluster, long revision) throws IOException {
        var calls = new LinkedBlockingQueue<String>();
        Server server = withHistory(cluster, revision);
        var backend = new EtcdBackend(Etcd.provided("etcd://127.0.0.1:" + server.getPort() + "/h"), CONTEXT);
        try (var _ = backend.follow(ORDERS, new StateRecorder(calls) {
            @Override
            public void changed(String id, String value) {
                calls.add("changed");
            }
        })) {
            Polling.until(() -> calls.size() >= 2);
            assertThat(calls).startsWith("complete", "complete").doesNotContain("changed");
        } finally {
            backend.close();
            server.shutdownNow();
        }
    }

    private static String next(BlockingQueue<String> calls, ManualTime time) {
        Polling.until(() -> !calls.isEmpty(), () -> time.advance(Duration.ofMillis(5)));
        return calls.remove();
    }
}
