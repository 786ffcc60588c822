package dev.treaty;

import static dev.treaty.Unhurried.knows;
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
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.PartitionKey;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Side;
import java.time.Duration;
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

/** Balancing as a user has it: several processes' worth of Treaty over real HTTP, set by their configuration. */
class BalancingTest {
    private static final int CALLS = 100;
    private static final int STRETCHES_MAX = 10;
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

    private static final class Someone implements Who {
        private final String name;
        private final AtomicInteger calls = new AtomicInteger();
        private final CountDownLatch awake = new CountDownLatch(1);
        private volatile boolean sick;
        private volatile boolean hung;
        private volatile boolean copied;
        private volatile Optional<Duration> pause = Optional.empty();

        Someone(String name) {
            this.name = name;
        }

        @Override
        public String answers() {
            calls.incrementAndGet();
            copied = CallContext.current().orElseThrow().mirrored();
            if (hung) {
                sleep();
            }
            if (sick) {
                throw new ServiceException(new Fault(Code.UNAVAILABLE, "is sick", true, pause));
            }
            return name;
        }

        private void sleep() {
            try {
                awake.await();
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
    private final Map<String, Someone> fleet = new ConcurrentHashMap<>();
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
        fleet.values().forEach(someone -> someone.awake.countDown());
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
        return opened(
                Treaty.open(Unhurried.settings("name: " + name + "\nregistry: treaty://" + address + "\n" + yaml)));
    }

    private Someone serve(String name, String version) {
        var someone = new Someone(name);
        fleet.put(name, someone);
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
                        someone);
        return someone;
    }

    /** A client that knows of every instance. */
    private Treaty client(String yaml) {
        Treaty client = open("client", yaml);
        knows(client, WHO, fleet.size());
        assertThat(client.client(Who.class).answers()).isNotEmpty();
        fleet.values().forEach(someone -> someone.calls.set(0));
        return client;
    }

    @Test
    void whenEveryInstanceFailsAtOnceCallsStillReachThemAndTheFirstThatIsWellAnswers() throws Exception {
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
        fleet.values().forEach(someone -> someone.sick = true);
        for (int i = 0; i < 60; i++) {
            assertThatThrownBy(who::once)
                    .isInstanceOf(ServiceException.class)
                    .hasMessageContaining("is sick"); // not: none of the instances takes calls
        }
        assertThat(panics).contains(new Event.PanicChanged(WHO, true, 3, 3));
        fleet.values().forEach(someone -> someone.sick = false);
        for (int i = 0; i < 10; i++) {
            assertThat(who.once()).isNotEmpty();
        }
    }

    @Test
    void callsThatAreToldToStayAwayForAgesEndLikeOthers() throws Exception {
        Someone only = serve("a", "1.0.0");
        Treaty client = client("""
            client: {connections-max: 2}
            defaults: {level: none}
            """);
        Who who = client.client(Who.class);
        only.pause = Optional.of(Duration.ofSeconds(1_760_000_000_000L));
        only.sick = true;
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(who::once).isInstanceOf(ServiceException.class).hasMessageContaining("is sick");
        }
        only.sick = false;
        assertThat(who.once()).isEqualTo("a");
    }

    @Test
    void anInstanceThatHangsIsFoundOutThoughHedgingAnswersInItsPlace() throws Exception {
        for (String name : List.of("a", "b", "c")) {
            serve(name, "1.0.0");
        }
        Treaty client = client("defaults: {deadline: 1m, attempt-timeout: 1m, hedge: {delay-min: 50ms, budget: 1}}\n");
        Who who = client.client(Who.class);
        for (int i = 0; i < 200; i++) {
            who.answers(); // what is usual is known from now on
        }
        Someone hung = fleet.get("b");
        hung.hung = true;
        int got = CALLS;
        // Another may have been slow too, so that they were even for a while.
        for (int stretch = 0; stretch < STRETCHES_MAX && got >= CALLS / 5; stretch++) {
            int before = hung.calls.get();
            for (int i = 0; i < CALLS; i++) {
                assertThat(who.answers()).isNotEqualTo("b");
            }
            got = hung.calls.get() - before;
        }
        assertThat(got).as("of " + CALLS + " calls").isLessThan(CALLS / 5);
    }

    @Test
    void theRecordOfACallTellsWhoWasLeftOutAndWhy() throws Exception {
        for (String name : List.of("a", "b", "c", "d")) {
            serve(name, "1.0.0");
        }
        Treaty client = client("defaults: {retry: {attempts: 3}}\n");
        Queue<CandidateSet> choices = new ConcurrentLinkedQueue<>();
        client.events().subscribe(event -> {
            if (event instanceof Event.CallEnded(Side side, var call, var _) && side == Side.CLIENT) {
                call.context().record().choice().ifPresent(choices::add);
            }
        });
        Who who = client.client(Who.class);
        Someone sick = fleet.get("c");
        sick.sick = true;
        for (int i = 0; i < 200; i++) {
            assertThat(who.answers()).isNotEqualTo("c"); // retried elsewhere
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
    void changedSettingsHoldForServicesThatHaveBeenCalledAndForOthers() throws Exception {
        serve("old", "1.0.0");
        serve("new", "1.1.0");
        BalanceSettings changed = Settings.parse("changed", """
            services:
              test.Who:
                routing: {rules: [{to: [{version: "1.1"}]}]}
            """, Map.of()).balance();
        Treaty calling = client("balance: {policy: round-robin}\n"); // a slow first call would keep others away
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
    void aCanaryGetsItsShareAndAMirrorGetsCopiesWhoseAnswersNobodySees() throws Exception {
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
        fleet.get("next").sick = true; // nobody will notice
        Who who = client.client(Who.class);
        int canary = 0;
        for (int i = 0; i < 300; i++) {
            canary += who.answers().equals("new") ? 1 : 0;
        }
        assertThat(canary).isBetween(25, 105);
        assertThat(mirrored.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(client.metrics().metrics(WHO, Side.CLIENT).attempts()).isBetween(300L, 310L);
        int copies = fleet.get("next").calls.get();
        assertThat(copies).as("each that is told of has come").isGreaterThanOrEqualTo(50);
        assertThat(fleet.get("next").copied).as("and is marked").isTrue();
        assertThat(fleet.get("old").copied).isFalse();
        for (int i = 0; i < 50; i++) {
            who.once(); // not idempotent: never copied
        }
        assertThat(fleet.get("next").calls.get()).isLessThanOrEqualTo(copies + Mirror.COPIES_MAX);
        var answer =
                client.client().call("test.Who", "answers", Map.of(), Duration.ofSeconds(5), Map.of("x-tester", "yes"));
        assertThat(answer.orThrow()).isEqualTo(Map.of("result", "new"));
    }

    @Test
    void theSameCustomerIsAnsweredByTheSameInstance() throws Exception {
        for (String name : List.of("a", "b", "c", "d", "e")) {
            serve(name, "1.0.0");
        }
        Treaty client = client("balance: {policy: maglev}\n");
        Who who = client.client(Who.class);
        Set<String> used = new HashSet<>();
        for (int customer = 0; customer < 30; customer++) {
            String first = who.asked(new Question("customer " + customer, 1));
            used.add(first);
            for (int again = 2; again < 5; again++) {
                assertThat(who.asked(new Question("customer " + customer, again)))
                        .isEqualTo(first);
            }
        }
        assertThat(used).hasSizeGreaterThanOrEqualTo(4);
    }

    @Test
    void configuredFaultsMeetCallsOnEitherSideAndSaySoUntilTheyAreSwitchedOff() throws Exception {
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
        assertThat(fleet.get("a").calls).hasValue(0);
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
    void aPickerOfOnesOwnPicks() throws Exception {
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
