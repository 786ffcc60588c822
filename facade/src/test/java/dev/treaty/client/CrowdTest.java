package dev.treaty.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.BalanceSetup;
import dev.treaty.balance.Candidates;
import dev.treaty.balance.FaultInjection;
import dev.treaty.balance.Locality;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.config.RequirementSettings;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.ContextCarrier;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.discovery.Requirement;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.event.Side;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.resilience.FaultTolerance;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Many threads that call a service of many instances, of which some have a version that the client does not accept. */
class CrowdTest {
    private static final int INSTANCES = 2_000;
    private static final int THREADS = 8;
    private static final ServiceName CROWD = new ServiceName("test.Crowd");

    private final RuntimeDependencies runtime = RuntimeDependencies.system(Events.NONE);
    private final EmbeddedRegistry registry = new EmbeddedRegistry(runtime);

    /** A network without calls. */
    private static final class Silence implements Transport {
        @Override
        public Connection connect(ServiceEndpoint endpoint) {
            return new Connection() {
                @Override
                public ServiceResponse<?> handle(Call call) {
                    throw new IllegalStateException("not called");
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void close() {}
    }

    @AfterEach
    void close() {
        registry.close();
    }

    private void register(int number) {
        registry.register(ServiceInstance.of(
                String.format("i%05d", number),
                CROWD,
                new Version(1 + number % 2, 0, 0),
                new ServiceEndpoint("http", "127.0.0.1", 1 + number),
                Instant.EPOCH));
    }

    private Call call() {
        var context = CallContext.next(Principal.ANONYMOUS, runtime.time(), runtime.random());
        return new Call(CROWD, Operation.unknown("op"), List.of(Map.of()), context);
    }

    @Test
    void one_change_costs_all_calling_threads_together_one_rebuild() throws Exception {
        IntStream.range(0, INSTANCES).forEach(this::register);
        var shared = new ClientRuntime(
                runtime,
                registry,
                new Silence(),
                256,
                new FaultInjection(Side.CLIENT, runtime),
                ContextCarrier.NONE,
                List.of(),
                List.of());
        var setup = BalanceSetup.of(BalancePolicy.DEFAULT, RoutingPolicy.DEFAULT);
        var requirement = Requirement.NONE.withVersions(VersionRange.from(new Version(1, 0, 0)));
        var filter = new CompatibilityFilter(null, requirement, new ContractCache(registry, runtime));
        try (var nodes = new Nodes(CROWD, () -> FaultTolerance.DEFAULT, setup, Locality.ANYWHERE, shared)) {
            nodes.follow();
            awaitNodes(nodes, INSTANCES);
            assertThat(filter(nodes, filter)).hasSize(1);

            register(INSTANCES);
            awaitNodes(nodes, INSTANCES + 1);
            assertThat(filter(nodes, filter)).singleElement().satisfies(candidates -> {
                assertThat(candidates.eligible()).isEqualTo(INSTANCES / 2 + 1);
                assertThat(candidates.size()).isEqualTo(INSTANCES + 1);
            });
        }
    }

    private static void awaitNodes(Nodes nodes, int count) {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (nodes.list().size() < count
                || nodes.balanced().all(System.nanoTime()).size() < count) {
            assertThat(System.nanoTime() - end).isNegative();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    /** Filters candidates for calls in all threads; returns the different results, each of which is one rebuild. */
    private Set<Candidates<Node>> filter(Nodes nodes, CompatibilityFilter filter) throws Exception {
        long now = System.nanoTime();
        var results = ConcurrentHashMap.<Candidates<Node>>newKeySet();
        try (var threads = Executors.newFixedThreadPool(THREADS)) {
            List<Future<?>> running = IntStream.range(0, THREADS)
                    .<Future<?>>mapToObj(_ -> threads.submit(() -> {
                        for (int i = 0; i < 100; i++) {
                            Call call = call();
                            var selected = nodes.balanced().select(call, now).candidates();
                            results.add(filter.filter(nodes, selected, RequirementSettings.DEFAULT, call));
                        }
                    }))
                    .toList();
            for (Future<?> each : running) {
                each.get();
            }
        }
        return results;
    }
}
