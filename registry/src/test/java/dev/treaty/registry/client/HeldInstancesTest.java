package dev.treaty.registry.client;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.time.ManualTime;
import dev.treaty.registry.Instances;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.SelfPreservationPolicy;
import dev.treaty.registry.backend.FakeBackend;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client shows of instances that self-preservation holds, whatever keeps the registry. */
@Timeout(60) // closing waits in manual time if an assertion failed
class HeldInstancesTest {
    private static final Duration STEP = Duration.ofMillis(500);

    private final ManualTime time = new ManualTime();
    private final FakeBackend backend = new FakeBackend();
    private final Map<String, Backend.Follower> followers = new ConcurrentHashMap<>();
    private final List<Event.RegistryChanged> changes = new CopyOnWriteArrayList<>();

    private NetworkRegistry registry(Status status) {
        backend.onFollow = (service, follower) -> {
            followers.put(service.value(), follower);
            follower.complete(texts(status));
        };
        var preservation = new SelfPreservationPolicy(0.15, Duration.ofMinutes(1), Optional.of(Duration.ofSeconds(30)));
        RegistryContext context = backend.context(time, event -> {
            if (event instanceof Event.RegistryChanged changed) {
                changes.add(changed);
            }
        });
        return NetworkRegistry.over(
                backend,
                "fake://backend",
                new RegistryContext(
                        context.self(),
                        RegistryPolicy.STANDARD.with(preservation),
                        time,
                        context.random(),
                        context.events(),
                        backend));
    }

    private Map<String, String> texts(Status status) {
        return IntStream.range(0, 10)
                .mapToObj(i -> Instances.of(ORDERS, "i" + i, status))
                .collect(Collectors.toMap(
                        ServiceInstance::id, instance -> backend.write(RegistryProtocol.Instance.of(instance))));
    }

    /** Waits for a problem: the first look at the instances may come before all of them have changed. */
    private static void eventuallyProblem(NetworkRegistry registry, String text, Runnable meanwhile) {
        eventually(() -> {
            meanwhile.run();
            return registry.problem().filter(problem -> problem.contains(text)).isPresent();
        });
    }

    @Test
    void instances_of_a_backend_that_are_kept_as_stale_are_a_problem_of_the_client_R6() {
        try (var registry = registry(Status.PASSING)) {
            assertThat(registry.instances(ORDERS)).hasSize(10);
            Backend.Follower follower = followers.get(ORDERS.value());
            texts(Status.PASSING).keySet().forEach(id -> follower.removed(id, "lease expired"));
            eventuallyProblem(registry, "9 instances are kept as stale", () -> {});

            assertThat(registry.problem()).get().asString().contains("fake://backend");
            assertThat(registry.problem(ORDERS))
                    .as("the registry can be followed")
                    .isEmpty();
            eventually(() -> !changes.isEmpty());
            assertThat(changes).singleElement().satisfies(change -> {
                assertThat(change.problem()).isTrue();
                assertThat(change.reachable()).isTrue();
                assertThat(change.message()).contains("kept as stale");
            });
            assertThat(registry.instances(ORDERS))
                    .allSatisfy(
                            instance -> assertThat(instance.health().message()).contains("many expired at once"));

            follower.complete(texts(Status.PASSING));
            eventually(() -> registry.problem().isEmpty());
            eventually(() -> changes.size() == 2);
            assertThat(changes).extracting(Event.RegistryChanged::problem).containsExactly(true, false);
        }
    }

    @Test
    void critical_instances_of_a_backend_that_stay_listed_are_a_problem_of_the_client_R6() {
        try (var registry = registry(Status.CRITICAL)) {
            assertThat(registry.instances(ORDERS)).hasSize(10);
            eventuallyProblem(registry, "9 stay listed until they recover", () -> time.advance(STEP));

            assertThat(registry.instances(ORDERS))
                    .hasSize(9)
                    .allSatisfy(
                            instance -> assertThat(instance.health().message()).contains("many are critical at once"));
            eventually(() -> !changes.isEmpty());
            assertThat(changes).extracting(Event.RegistryChanged::problem).containsExactly(true);
        }
    }
}
