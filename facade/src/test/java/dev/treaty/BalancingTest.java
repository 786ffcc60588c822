package dev.treaty;

import static dev.treaty.Patient.knows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.FaultPolicy;
import dev.treaty.balance.FaultPolicy.InjectedFault;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.balance.RoutingPolicy.Destination;
import dev.treaty.balance.RoutingPolicy.Match;
import dev.treaty.balance.RoutingPolicy.Rule;
import dev.treaty.client.Mirror;
import dev.treaty.config.BalanceSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.CandidateSet;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.PartitionKey;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Side;
import dev.treaty.resilience.CircuitBreaker;
import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.IsolationLevel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Balancing with several instances of Treaty over real HTTP, configured by settings. */
class BalancingTest {
    private static final int CALLS = 100;
    private static final int ROUNDS_MAX = 10;
    private static final ServiceName WHO = new ServiceName("test.Who");

    public record Question(@PartitionKey String customer, int number) {}

    @Contract(name = "test.Who", version = "1.0.0")
    public interface Who {
        @Idempotent
        String answers();

        String once();

        @Idempotent
        String asked(Question question);
    }

    private static final class Instance implements Who {
        private final String name;
        private final AtomicInteger calls = new AtomicInteger();
        private final CountDownLatch released = new CountDownLatch(1);
        private volatile boolean failing;
        private volatile boolean hanging;
        private volatile boolean copied;
        private volatile Headers headers = Headers.NONE;
        private volatile Optional<Duration> retryAfter = Optional.empty();

        Instance(String name) {
            this.name = name;
        }

        @Override
        public String answers() {
            calls.incrementAndGet();
            CallContext context = CallContext.current().orElseThrow();
            copied = context.mirrored();
            headers = context.headers();
            if (hanging) {
                hang();
            }
            if (failing) {
                throw new ServiceException(new Fault(Code.UNAVAILABLE, "is failing", true, true, retryAfter));
            }
            return name;
        }

        private void hang() {
            try {
                released.await();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public String once() {
            return answers();
        }

        @Override
        public String asked(Question question) {
            return answers();
        }
    }

    private final List<Treaty> opened = new ArrayList<>();
    private final Map<String, Instance> instances = new ConcurrentHashMap<>();
    private final Treaty registry = opened(Treaty.open(Settings.DEFAULTS));

    BalancingTest() {
        registry.serveRegistry();
    }

    private Treaty opened(Treaty treaty) {
        opened.add(treaty);
        return treaty;
    }

    @AfterEach
    void close() throws InterruptedException {
        instances.values().forEach(instance -> instance.released.countDown());
        List<Thread> closing = opened.stream()
                .skip(1)
                .map(treaty -> Thread.startVirtualThread(treaty::close))
                .toList();
        for (Thread each : closing) {
            each.join();
        }
        registry.close();
    }

    private Treaty open(String name, String yaml) {
        String address = registry.endpoint().orElseThrow().authority();
        return opened(Treaty.open(Patient.settings("name: " + name + "\nregistry: treaty://" + address + "\n" + yaml)));
    }

    private Instance serve(String name, String version) {
        var instance = new Instance(name);
        instances.put(name, instance);
        var contract = ServiceContract.of(Who.class);
        open(name, "")
                .serve(
                        Who.class,
                        new ServiceContract(
                                contract.name(),
                                Version.parse(version),
                                contract.description(),
                                contract.capabilities(),
                                contract.operations()),
                        instance);
        return instance;
    }

    /** Opens a client that knows every instance. */
    private Treaty client(String yaml) {
        Treaty client = open("client", yaml);
        knows(client, WHO, instances.size());
        assertThat(client.client(Who.class).answers()).isNotEmpty();
        instances.values().forEach(instance -> instance.calls.set(0));
        return client;
    }

    @Test
    void in_a_panic_calls_reach_the_instances_and_the_first_that_recovers_answers() throws Exception {
        for (String name : List.of("a", "b", "c")) {
            serve(name, "1.0.0");
        }
        Treaty client = client("defaults: {deadline: 20s, retry: {attempts: 1}}\n");
        Queue<Event.PanicChanged> panics = new ConcurrentLinkedQueue<>();
        client.events().subscribe(event -> {
            if (event instanceof Event.PanicChanged panic) {
                panics.add(panic);
            }
        });
        Who who = client.client(Who.class);
        instances.values().forEach(instance -> instance.failing = true);
        for (int i = 0; i < 60; i++) {
            assertThatThrownBy(who::once)
                    .isInstanceOf(ServiceException.class)
                    .hasMessageContaining("is failing"); // the calls reach the instances
        }
        assertThat(panics).contains(new Event.PanicChanged(WHO, true, 3, 3));
        instances.values().forEach(instance -> instance.failing = false);
        for (int i = 0; i < 10; i++) {
            assertThat(who.once()).isNotEmpty();
        }
    }

    @Test
    void a_very_long_retry_delay_does_not_block_later_calls() throws Exception {
        Instance only = serve("a", "1.0.0");
        Treaty client = client("""
            client: {connections-max: 2}
            defaults: {level: none}
            """);
        Who who = client.client(Who.class);
        only.retryAfter = Optional.of(Duration.ofSeconds(1_760_000_000_000L));
        only.failing = true;
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(who::once).isInstanceOf(ServiceException.class).hasMessageContaining("is failing");
        }
        only.failing = false;
        assertThat(who.once()).isEqualTo("a");
    }

    @Test
    void a_hanging_instance_gets_fewer_calls_although_hedging_hides_it() throws Exception {
        for (String name : List.of("a", "b", "c")) {
            serve(name, "1.0.0");
        }
        Treaty client = client("defaults: {deadline: 1m, attempt-timeout: 1m, hedge: {delay-min: 50ms, budget: 1}}\n");
        Who who = client.client(Who.class);
        for (int i = 0; i < 200; i++) {
            who.answers(); // measures the usual latency
        }
        Instance hung = instances.get("b");
        hung.hanging = true;
        int got = CALLS;
        // Another instance may have been slow too, so that loads were even for a while.
        for (int round = 0; round < ROUNDS_MAX && got >= CALLS / 5; round++) {
            int before = hung.calls.get();
            for (int i = 0; i < CALLS; i++) {
                assertThat(who.answers()).isNotEqualTo("b");
            }
            got = hung.calls.get() - before;
        }
        assertThat(got).as("of " + CALLS + " calls").isLessThan(CALLS / 5);
    }

    @Test
    void the_decision_record_lists_excluded_instances_with_reasons() throws Exception {
        for (String name : List.of("a", "b", "c", "d")) {
            serve(name, "1.0.0");
        }
        Treaty client = client("defaults: {retry: {attempts: 3}}\n");
        Queue<CandidateSet> choices = new ConcurrentLinkedQueue<>();
        client.events().subscribe(event -> {
            if (event instanceof Event.CallEnded(Side side, var call, var _) && side == Side.CLIENT) {
                call.context().record().candidates().ifPresent(choices::add);
            }
        });
        Who who = client.client(Who.class);
        Instance failing = instances.get("c");
        failing.failing = true;
        for (int i = 0; i < 200; i++) {
            assertThat(who.answers()).isNotEqualTo("c"); // retried at another instance
        }
        client.rebalance(
                WHO,
                BalancePolicy.DEFAULT,
                new RoutingPolicy(List.of(
                        new Rule(Match.DEFAULT, List.of(new Destination("2", Map.of(), 1)), Optional.empty()))));
        assertThatThrownBy(who::answers)
                .hasMessageContaining("none of the 4 instances of test.Who takes calls")
                .hasMessageContaining("(not routed)");
        CandidateSet last = new ArrayList<>(choices).getLast();
        assertThat(last.eligible()).isZero();
        assertThat(last.exclusions())
                .hasSize(4)
                .allMatch(
                        e -> e.reason() == Exclusion.Reason.NOT_ROUTED || e.reason() == Exclusion.Reason.BREAKER_OPEN);
    }

    @Test
    void changed_settings_apply_to_called_services_and_to_others() throws Exception {
        serve("old", "1.0.0");
        serve("new", "1.1.0");
        BalanceSettings changed = Settings.parse("changed", """
            services:
              test.Who:
                routing: {rules: [{to: [{version: "1.1"}]}]}
            """, Map.of()).balance();
        Treaty calling =
                client("balance: {policy: round-robin}\n"); // not by latency: a slow first call would repel others
        Who before = calling.client(Who.class);
        var answers = new HashSet<String>();
        for (int i = 0; i < 4; i++) {
            answers.add(before.answers());
        }
        assertThat(answers).containsExactlyInAnyOrder("old", "new");
        calling.rebalance(changed);
        Treaty fresh = open("fresh", "");
        knows(fresh, WHO, 2);
        fresh.rebalance(changed);
        Who after = fresh.client(Who.class);
        for (int i = 0; i < 50; i++) {
            assertThat(before.answers()).isEqualTo("new");
            assertThat(after.answers()).isEqualTo("new");
        }
    }

    @Test
    void a_canary_gets_its_share_and_a_mirror_gets_copies_of_calls() throws Exception {
        serve("old", "1.0.0");
        serve("new", "1.1.0");
        serve("next", "2.0.0");
        Treaty client = client("""
            services:
              test.Who:
                routing:
                  rules:
                    - when: {headers: {x-tester: "yes"}}
                      to: [{version: "1.1"}]
                    - to:
                        - {version: "1.0", weight: 80}
                        - {version: "1.1", weight: 20}
                      mirror: {to: {version: "2"}, share: 50%}
            """);
        var mirrored = new CountDownLatch(50);
        client.events().subscribe(event -> {
            if (event instanceof Event.CallMirrored) {
                mirrored.countDown();
            }
        });
        instances.get("next").failing = true; // without effect on clients
        Who who = client.client(Who.class);
        int canary = 0;
        Headers tenant = Headers.of("x-tenant", "acme");
        for (int i = 0; i < 300; i++) {
            canary += client.withHeaders(tenant, who::answers).equals("new") ? 1 : 0;
        }
        assertThat(canary).isBetween(25, 105);
        assertThat(mirrored.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(client.metrics().metrics(WHO, Side.CLIENT).attempts()).isBetween(300L, 310L);
        int copies = instances.get("next").calls.get();
        assertThat(copies).as("each reported copy has arrived").isGreaterThanOrEqualTo(50);
        assertThat(instances.get("next").copied).as("and is marked").isTrue();
        assertThat(instances.get("next").headers)
                .as("with the caller's headers")
                .isEqualTo(tenant);
        assertThat(instances.get("old").copied).isFalse();
        for (int i = 0; i < 50; i++) {
            who.once(); // not idempotent: never copied
        }
        assertThat(instances.get("next").calls.get()).isLessThanOrEqualTo(copies + Mirror.COPIES_MAX);
        var answer = client.client()
                .call("test.Who", "answers", Map.of(), Duration.ofSeconds(5), Headers.of("x-tester", "yes"));
        assertThat(answer.orThrow()).isEqualTo(Map.of("result", "new"));
    }

    @Test
    void calls_with_the_same_partition_key_go_to_the_same_instance() throws Exception {
        for (String name : List.of("a", "b", "c", "d", "e")) {
            serve(name, "1.0.0");
        }
        Treaty client = client("balance: {policy: maglev}\n");
        Who who = client.client(Who.class);
        Set<String> used = new HashSet<>();
        for (int customer = 0; customer < 30; customer++) {
            String first = who.asked(new Question("customer " + customer, 1));
            used.add(first);
            for (int number = 2; number < 5; number++) {
                assertThat(who.asked(new Question("customer " + customer, number)))
                        .isEqualTo(first);
            }
        }
        assertThat(used).hasSizeGreaterThanOrEqualTo(4);
    }

    @Test
    void faults_are_injected_on_either_side_until_they_are_removed() throws Exception {
        serve("a", "1.0.0");
        Treaty client = client("""
            faults:
              client:
                - {service: test.Who, when: {operation: once}, code: resource-exhausted}
            """);
        Who who = client.client(Who.class);
        assertThatThrownBy(who::once)
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.RESOURCE_EXHAUSTED))
                .hasMessageContaining("injected by configuration on the side of the client");
        assertThat(instances.get("a").calls).hasValue(0);
        assertThat(who.answers()).isEqualTo("a");
        client.injectFaults(FaultPolicy.NONE, FaultPolicy.NONE);
        assertThat(who.once()).isEqualTo("a");

        Treaty server = opened.get(1);
        var slow = new InjectedFault(
                Optional.of(WHO), Match.DEFAULT, 1, Duration.ofMillis(150), Optional.of(Code.INTERNAL));
        server.injectFaults(FaultPolicy.NONE, new FaultPolicy(List.of(slow)));
        long start = System.nanoTime();
        assertThatThrownBy(who::once).hasMessageContaining("injected by configuration on the side of the server");
        assertThat(System.nanoTime() - start)
                .isGreaterThan(Duration.ofMillis(150).toNanos());
    }

    @Test
    void resetting_a_guard_closes_the_breakers_of_its_instances_B8() throws Exception {
        Instance only = serve("a", "1.0.0");
        Treaty client = client("defaults: {deadline: 20s, breaker: {consecutive-failures: 3, open: 30s}}\n");
        Who who = client.client(Who.class);
        only.failing = true;
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(who::once).hasMessageContaining("is failing");
        }
        var guard = client.guards().find(WHO.value()).orElseThrow();
        assertThat(guard.instanceBreakers().values())
                .singleElement()
                .satisfies(breaker -> assertThat(breaker.snapshot().reason()).isEqualTo("3 failures in a row"))
                .returns(CircuitBreaker.State.OPEN, CircuitBreaker::state);
        only.failing = false;
        assertThatThrownBy(who::once).hasMessageContaining("breaker open");

        client.guards().reset(WHO.value());
        assertThat(guard.instanceBreakers().values())
                .singleElement()
                .returns(CircuitBreaker.State.CLOSED, CircuitBreaker::state);
        assertThat(who.once()).isEqualTo("a");
        assertThatThrownBy(() -> client.guards().reset("no.Such"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(WHO.value());
    }

    @Test
    void a_breaker_that_was_forced_open_stays_so_when_policies_change_G11() throws Exception {
        serve("a", "1.0.0");
        Treaty client = client("");
        var guard = client.guards().find(WHO.value()).orElseThrow();
        guard.instanceBreakers().values().forEach(CircuitBreaker::forceOpen);
        var changed = CircuitBreakerPolicy.DEFAULT.withConsecutiveFailures(9);
        guard.apply(guard.tolerance().with(changed));
        guard.level(IsolationLevel.NONE);
        guard.level(IsolationLevel.FULL);
        assertThat(guard.instanceBreakers().values()).singleElement().satisfies(breaker -> {
            assertThat(breaker.snapshot().mode()).isEqualTo(CircuitBreaker.Mode.FORCED_OPEN);
            assertThat(breaker.snapshot().threshold()).isEqualTo(9);
        });
        assertThatThrownBy(client.client(Who.class)::once).hasMessageContaining("breaker forced open");
    }

    @Test
    void calls_go_to_instances_that_accept_however_many_have_ended_B7() throws Exception {
        for (String name : List.of("a", "b", "c", "d")) {
            serve(name, "1.0.0");
        }
        Treaty client = client("defaults: {retry: {attempts: 1}}\nbalance: {policy: round-robin}\n");
        List<Treaty> serving = opened.stream().skip(1).limit(4).toList();
        // Their registrations stay, as after a crash.
        for (Treaty each : serving.subList(0, 3)) {
            ServiceEndpoint dead = each.endpoint().orElseThrow();
            var kept = ServiceInstance.of("ghost-" + dead.port(), WHO, new Version(1, 0, 0), dead, Instant.now())
                    .withContract(ServiceContract.of(Who.class).fingerprint());
            registry.registry().register(kept);
            each.close();
        }
        Patient.until(() -> client.callers().caller(WHO).nodes().list().stream()
                        .filter(node -> node.instance().id().startsWith("ghost-"))
                        .count()
                == 3);
        Who who = client.client(Who.class);
        for (int i = 0; i < 300; i++) {
            assertThat(who.once()).isEqualTo("d");
        }
    }

    @Test
    void a_custom_load_balancer_picks() throws Exception {
        serve("a", "1.0.0");
        serve("b", "1.0.0");
        Treaty client = client("");
        client.balancer(WHO, (candidates, _, _) -> candidates.size() - 1);
        Who who = client.client(Who.class);
        String only = who.answers();
        for (int i = 0; i < 30; i++) {
            assertThat(who.answers()).isEqualTo(only);
        }
    }
}
