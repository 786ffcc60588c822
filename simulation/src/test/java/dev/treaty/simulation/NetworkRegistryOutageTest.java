package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.DiscoveryEvent.Updated;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What clients see while their registry is down, frozen, restarted or out of reach. */
class NetworkRegistryOutageTest {
    private static final ServiceName ORDERS = RegistryConformance.ORDERS;
    private static final ServiceName STOCK = RegistryConformance.STOCK;

    private static final RegistryLimits LIMITS =
            new RegistryLimits(1_000, 100, 100, 100, 8, Duration.ofMillis(100), Duration.ofMinutes(10));

    private static final Duration SHORT_LEASE = Duration.ofMillis(600);
    private static final Duration SHORT_GRACE = Duration.ofMillis(900);

    /** For whom no registry answers, or whose lease is to end: short, so that a test in real time is. */
    private static final RegistryPolicy HASTY = policy(SHORT_LEASE, Duration.ofMillis(300), SHORT_GRACE);

    /** For whoever is to stay, and to be waited for, though the machine be slow. */
    private static final RegistryPolicy LASTING =
            policy(Duration.ofSeconds(10), Duration.ofSeconds(20), Duration.ofSeconds(20));

    /** For whoever looks on until a grace is over: what comes back in time is given some. */
    private static final RegistryPolicy WATCHING = policy(SHORT_LEASE, LASTING.patience(), Duration.ofSeconds(4));

    /** A lease lasts, and yet whoever has to register again does so soon: chance has it that all come early. */
    private static final RandomGenerator EARLY = new RandomGenerator() {
        @Override
        public long nextLong() {
            return RandomSource.system().nextLong();
        }

        @Override
        public long nextLong(long bound) {
            return RandomSource.system().nextLong(bound) / 20;
        }
    };

    private static RegistryPolicy policy(Duration lease, Duration patience, Duration grace) {
        return new RegistryPolicy(
                lease, patience, Duration.ofMillis(5), Duration.ofMillis(40), grace, SelfPreservationPolicy.STANDARD);
    }

    private static final ServiceHealth LONG_STORY =
            new ServiceHealth(Status.PASSING, "x".repeat(ServiceHealth.LENGTH_MAX / 2), Instant.EPOCH, Map.of());

    /** So many instances with a long story do not fit into one answer of a watch. */
    private static final int MORE_THAN_AN_ANSWER = 300;

    private static final long POLL_NANOS = 200_000;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable open : opened.reversed()) {
            open.close();
        }
    }

    private RegistryHost host(Time time) {
        var host = new RegistryHost(time, LIMITS);
        opened.add(host);
        return host;
    }

    private NetworkRegistry client(RegistryHost host, Handler connection, RegistryPolicy policy, Events events) {
        var client = host.client(connection, policy, EARLY, events);
        opened.add(client);
        return client;
    }

    private NetworkRegistry client(RegistryHost host, RegistryPolicy policy) {
        return client(host, host.network.connect(RegistryHost.ENDPOINT), policy, Events.NONE);
    }

    /** One that stays, and finds out at once that its registry was away, because it follows something there. */
    private NetworkRegistry attentive(RegistryHost host) {
        var client = client(host, LASTING);
        assertThat(client.instances(new ServiceName("shop.Nobody"))).isEmpty();
        return client;
    }

    /** A connection that can be cut and mended. */
    private static final class Cable implements Handler {
        private final Handler connection;
        private final AtomicBoolean cut = new AtomicBoolean();

        Cable(RegistryHost host) {
            this.connection = host.network.connect(RegistryHost.ENDPOINT);
        }

        @Override
        public ServiceResponse<?> handle(Call call) throws InterruptedException {
            if (cut.get()) {
                return ServiceResponse.failed(Fault.unreached(Code.UNAVAILABLE, "the cable is cut"));
            }
            var response = connection.handle(call);
            return cut.get() ? ServiceResponse.failed(Code.UNAVAILABLE, "the cable was cut") : response;
        }
    }

    private static final class Reachability implements Events {
        private final List<Event.RegistryChanged> changes = new CopyOnWriteArrayList<>();

        @Override
        public void emit(Event event) {
            if (event instanceof Event.RegistryChanged changed) {
                changes.add(changed);
            }
        }

        List<Boolean> reachable() {
            return changes.stream().map(Event.RegistryChanged::reachable).toList();
        }

        List<String> refusals() {
            return changes.stream()
                    .map(Event.RegistryChanged::message)
                    .filter(message -> message.contains("refuses"))
                    .toList();
        }
    }

    private static void eventually(BooleanSupplier reached) {
        eventually(reached, () -> {});
    }

    private static void eventually(BooleanSupplier reached, Runnable meanwhile) {
        long end = System.nanoTime() + WatchRecorder.PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds over the time to wait")
                    .isNegative();
            meanwhile.run();
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    @Test
    void aRestartEmptiesNobodysView() {
        var host = host(Time.system()).start();
        var owner = attentive(host);
        var other = attentive(host);
        var first = owner.register(RegistryConformance.instance(ORDERS, "a"));
        owner.register(RegistryConformance.instance(ORDERS, "b"));
        other.register(RegistryConformance.instance(ORDERS, "c"));
        var seen = new WatchRecorder();
        var watching = client(host, LASTING);
        watching.watch(ORDERS, seen);
        seen.until(view -> view.size() == 3);

        host.crash();
        assertThat(watching.instances(ORDERS)).hasSize(3);
        host.start();
        var fresh = new WatchRecorder();
        client(host, LASTING).watch(ORDERS, fresh);
        fresh.until(view -> view.size() == 3);

        assertThat(seen.pending()).isEmpty();
        first.close();
        assertThat(seen.next(Removed.class).reason())
                .as("it follows the new registry")
                .isEqualTo("closed");
        assertThat(seen.pending()).isEmpty();
    }

    @Test
    void whoeverDiesWithTheRegistryIsMissedAfterTheGrace() {
        var host = host(Time.system()).start();
        var cable = new Cable(host);
        var staying = attentive(host);
        client(host, cable, LASTING, Events.NONE).register(RegistryConformance.instance(ORDERS, "dies"));
        staying.register(RegistryConformance.instance(ORDERS, "lives"));
        var seen = new WatchRecorder();
        client(host, WATCHING).watch(ORDERS, seen);
        seen.until(view -> view.size() == 2);

        cable.cut.set(true);
        host.crash();
        host.start();

        var removed = seen.next(Removed.class);
        assertThat(removed.instance().id()).isEqualTo("dies");
        assertThat(removed.reason()).isEqualTo("did not register again after the registry restarted");
        assertThat(seen.pending()).isEmpty();
    }

    @Test
    void whoeverDiesWithTheRegistryIsGivenTheGraceInALaterAnswerToo() {
        var host = host(Time.system()).start();
        var dying = new Cable(host);
        client(host, dying, LASTING, Events.NONE).register(RegistryConformance.instance(STOCK, "dies"));
        var owner = attentive(host);
        for (int i = 0; i < MORE_THAN_AN_ANSWER; i++) {
            owner.register(RegistryConformance.instance(ORDERS, "long" + i).withHealth(LONG_STORY));
        }
        owner.register(RegistryConformance.instance(STOCK, "lives"));
        var far = new Cable(host);
        var watching = client(host, far, policy(SHORT_LEASE, LASTING.patience(), SHORT_GRACE), Events.NONE);
        watching.watch(ORDERS, new WatchRecorder());
        var seen = new WatchRecorder();
        watching.watch(STOCK, seen);
        seen.until(view -> view.size() == 2);

        dying.cut.set(true);
        far.cut.set(true);
        host.crash();
        host.start();
        var witness = client(host, LASTING);
        witness.watch(ORDERS, new WatchRecorder());
        eventually(() -> witness.instances(ORDERS).size() == MORE_THAN_AN_ANSWER
                && witness.instances(STOCK).size() == 1);
        far.cut.set(false);

        var removed = seen.next(Removed.class);
        assertThat(removed.instance().id()).isEqualTo("dies");
        assertThat(removed.reason()).isEqualTo("did not register again after the registry restarted");
    }

    @Test
    void aQuestionThatIsNotAnsweredIsTrouble() {
        var host = host(Time.system());
        var client = client(host, host.network.connect(RegistryHost.ENDPOINT), HASTY, new Reachability());

        assertThat(client.services()).isEmpty();
        assertThat(client.problem()).get().asString().contains("cannot be reached");

        host.start();

        eventually(() -> client.services().isEmpty() && client.problem().isEmpty());
    }

    @Test
    void aRegistryThatIsFullSaysSoOnceToThoseWhomItTurnsAway() {
        var host = new RegistryHost(
                Time.system(), new RegistryLimits(1, 1, 1, 10, 8, LIMITS.leaseMin(), LIMITS.leaseMax()));
        opened.add(host);
        host.start();
        var first = client(host, LASTING);
        first.register(RegistryConformance.instance(ORDERS, "a"));
        first.publish(ServiceContract.parse("contract shop.Stock 1.0.0\ncount() -> int32"));
        var told = new Reachability();
        var late = client(host, host.network.connect(RegistryHost.ENDPOINT), HASTY, told);

        late.register(RegistryConformance.instance(ORDERS, "b"));
        eventually(() -> !told.refusals().isEmpty());
        assertThat(told.refusals().getFirst()).contains("1 instances", "limit");
        late.publish(ServiceContract.parse("contract shop.Orders 1.0.0\nget() -> string"));
        eventually(() -> told.refusals().size() == 2);
        assertThat(told.refusals().getLast()).contains("refuses a contract");
        long asked = host.count("register");
        eventually(() -> host.count("register") > asked + 3);
        assertThat(told.refusals()).hasSize(2);
    }

    @Test
    void aRegistryThatIsDownAtFirstIsUsedWhenItComes() {
        var host = host(Time.system());
        var reachability = new Reachability();
        var client = client(host, host.network.connect(RegistryHost.ENDPOINT), HASTY, reachability);
        var seen = new WatchRecorder();

        var registration = client.register(RegistryConformance.instance(ORDERS, "a"));
        registration.report(new ServiceHealth(
                Status.WARNING, "nobody can know yet", registration.instance().startedAt(), Map.of()));
        client.watch(ORDERS, seen);

        assertThat(seen.pending()).isEmpty();
        assertThat(client.services()).isEmpty();
        assertThat(client.contract(ORDERS)).isEmpty();
        assertThat(client.problem()).get().asString().contains("treaty://registry:7400", "cannot be reached");
        assertThat(reachability.reachable()).containsExactly(false);

        host.start();

        assertThat(seen.next(Added.class).instance().health().status()).isEqualTo(Status.WARNING);
        eventually(() -> client.problem().isEmpty() && reachability.changes.size() > 1);
        assertThat(reachability.reachable()).as("once per change").containsExactly(false, true);
    }

    @Test
    void whoeverStopsRenewingLeavesWhenItsLeaseEnds() {
        var time = new ManualTime();
        var host = host(time).start();
        var cable = new Cable(host);
        client(host, cable, RegistryPolicy.STANDARD, Events.NONE)
                .register(RegistryConformance.instance(ORDERS, "dies"));
        client(host, RegistryPolicy.STANDARD).register(RegistryConformance.instance(ORDERS, "lives"));
        var seen = new WatchRecorder();
        client(host, RegistryPolicy.STANDARD).watch(ORDERS, seen);
        seen.until(view -> view.size() == 2);
        var registered = time.instant();

        cable.cut.set(true);
        for (int i = 0; i < 4; i++) { // each step is longer than a third of the lease, all together longer than it
            long renewals = host.count("renew");
            time.advance(Duration.ofMillis(3_400));
            // Who was not asleep yet when the time went on waits from then: so it goes on, slowly.
            eventually(() -> host.count("renew") > renewals, () -> time.advance(Duration.ofMillis(1)));
        }

        eventually(() -> !seen.pending().isEmpty(), () -> time.advance(Duration.ofMillis(1)));
        var removed = seen.next(Removed.class);
        assertThat(removed.instance().id()).isEqualTo("dies");
        assertThat(removed.reason()).isEqualTo("lease expired");
        assertThat(removed.timestamp()).isAfterOrEqualTo(registered.plus(RegistryPolicy.STANDARD.lease()));
        assertThat(seen.pending()).isEmpty();
    }

    @Test
    void whoeverLostItsLeaseRegistersAgain() {
        var host = host(Time.system()).start();
        var cable = new Cable(host);
        client(host, cable, HASTY, Events.NONE).register(RegistryConformance.instance(ORDERS, "a"));
        var seen = new WatchRecorder();
        client(host, LASTING).watch(ORDERS, seen);
        seen.next(Added.class);

        cable.cut.set(true);
        assertThat(seen.next(Removed.class).reason()).isEqualTo("lease expired");
        cable.cut.set(false);

        assertThat(seen.next(Added.class).instance()).isEqualTo(RegistryConformance.instance(ORDERS, "a"));
    }

    @Test
    void whatIsReportedWhileTheLeaseIsLostIsTold() {
        var host = host(Time.system()).start();
        var cable = new Cable(host);
        var client = client(host, cable, HASTY, Events.NONE);
        var registration = client.register(RegistryConformance.instance(ORDERS, "a"));
        var seen = new WatchRecorder();
        client(host, LASTING).watch(ORDERS, seen);
        seen.next(Added.class);

        cable.cut.set(true);
        seen.until(Map::isEmpty);
        registration.drain();
        cable.cut.set(false);

        // What was reported meanwhile is not lost.
        seen.until(view -> view.containsKey("a") && view.get("a").health().status() == Status.DRAINING);
    }

    @Test
    void publishedContractsComeBackAfterARestart() {
        var host = host(Time.system()).start();
        var client = client(host, HASTY);
        client.publish(ServiceContract.parse("contract shop.Orders 1.0.0\nget() -> string"));
        var other = client(host, HASTY);
        eventually(() -> other.contract(ORDERS).isPresent());

        host.crash();
        assertThat(other.contract(ORDERS)).as("the last known one").isPresent();
        host.start();

        var late = client(host, HASTY);
        eventually(() -> late.contract(ORDERS).isPresent());
    }

    @Test
    void aWatcherThatWasCutOffForLongCatchesUp() {
        var host = host(Time.system()).start();
        var owner = client(host, LASTING);
        var gone = owner.register(RegistryConformance.instance(ORDERS, "gone"));
        var changed = owner.register(RegistryConformance.instance(ORDERS, "changed"));
        owner.register(RegistryConformance.instance(ORDERS, "same"));
        var cable = new Cable(host);
        var seen = new WatchRecorder();
        var witness = new WatchRecorder();
        client(host, cable, LASTING, Events.NONE).watch(ORDERS, seen);
        client(host, LASTING).watch(ORDERS, witness);
        seen.until(view -> view.size() == 3);

        cable.cut.set(true);
        gone.close();
        changed.drain();
        for (int i = 0; i < 2 * LIMITS.log(); i++) {
            owner.register(RegistryConformance.instance(ORDERS, "passing")).close();
        }
        owner.register(RegistryConformance.instance(ORDERS, "new"));
        witness.until(view -> view.containsKey("new"));
        cable.cut.set(false);

        var view = seen.until(v -> v.containsKey("new") && !v.containsKey("gone"));
        assertThat(view).containsOnlyKeys("changed", "new", "same");
        assertThat(view.get("changed").health().status()).isEqualTo(Status.DRAINING);
    }

    @Test
    void aWatcherThatWasCutOffForAMomentMissesNothing() {
        var host = host(Time.system()).start();
        var owner = client(host, LASTING);
        var registration = owner.register(RegistryConformance.instance(ORDERS, "a"));
        var cable = new Cable(host);
        var seen = new WatchRecorder();
        client(host, cable, LASTING, Events.NONE).watch(ORDERS, seen);
        seen.next(Added.class);

        cable.cut.set(true);
        registration.drain();
        registration.close();
        owner.register(RegistryConformance.instance(ORDERS, "a"));
        cable.cut.set(false);

        assertThat(seen.next(Updated.class).instance().health().status()).isEqualTo(Status.DRAINING);
        assertThat(seen.next(Removed.class).reason()).isEqualTo("closed");
        seen.next(Added.class);
    }

    @Test
    void oneWatchCarriesAllServicesAndWatchers() {
        var host = host(Time.system()).start();
        var owner = client(host, LASTING);
        var client = client(host, LASTING);
        var recorders = new ArrayList<WatchRecorder>();
        for (ServiceName service : List.of(ORDERS, ORDERS, ORDERS, STOCK, STOCK)) {
            var seen = new WatchRecorder();
            client.watch(service, seen);
            recorders.add(seen);
        }
        owner.register(RegistryConformance.instance(ORDERS, "orders"));
        owner.register(RegistryConformance.instance(STOCK, "stock"));
        recorders.forEach(seen -> seen.next(Added.class));

        assertThat(host.count("watch"))
                .as("two for each new service, one after each change")
                .isLessThanOrEqualTo(6);
    }

    @Test
    void aLookupFollowsNothingAndSaysWhereNoAnswerCame() {
        var host = host(Time.system()).start();
        var owner = client(host, LASTING);
        String text = "x".repeat(4_000);
        for (int i = 0; i < 100; i++) { // more than fits into one answer
            owner.register(RegistryConformance.instance(ORDERS, "i" + (100 + i)).withMetadata(Map.of("more", text)));
        }
        var client = client(host, HASTY);

        assertThat(RegistryConformance.answered(() -> client.lookup(ORDERS)))
                .extracting(ServiceInstance::id)
                .hasSize(100)
                .isSorted();
        assertThat(RegistryConformance.answered(() -> client.lookup(STOCK))).isEmpty();
        assertThat(host.count("watch")).as("of all clients").isZero();
        host.crash();

        assertThatThrownBy(() -> client.lookup(ORDERS))
                .isInstanceOfSatisfying(
                        ServiceException.class, e -> assertThat(e.code()).isEqualTo(Code.UNAVAILABLE));
        assertThat(client.problem()).isPresent();
    }

    @Test
    void aRegistryThatFreezesIsNoticedAndItsLastWordKept() {
        var time = new ManualTime();
        var host = host(time).start();
        var reachability = new Reachability();
        var client = client(host, host.network.connect(RegistryHost.ENDPOINT), RegistryPolicy.STANDARD, reachability);
        client.register(RegistryConformance.instance(ORDERS, "a"));
        var seen = new WatchRecorder();
        client.watch(ORDERS, seen);
        seen.next(Added.class);

        host.network.freeze(RegistryHost.ENDPOINT);
        var frozen = time.instant();
        eventually(() -> !reachability.changes.isEmpty(), () -> time.advance(Duration.ofMillis(20)));

        assertThat(reachability.reachable()).containsExactly(false);
        assertThat(client.instances(ORDERS)).hasSize(1);
        assertThat(seen.pending()).isEmpty();
        assertThat(time.instant()).isAfter(frozen);
        opened.remove(client);
        closeWhile(client, () -> time.advance(Duration.ofMillis(100)));
    }

    /** Closing waits for a registry that does not answer, so time has to go on. */
    private static void closeWhile(NetworkRegistry client, Runnable meanwhile) {
        Thread closing = Thread.ofVirtual().start(client::close);
        eventually(() -> !closing.isAlive(), meanwhile);
    }

    @Test
    void aRefusalThatComesLateIsTold() {
        var host = host(Time.system());
        var one = new Reachability();
        var other = new Reachability();
        var first = client(host, host.network.connect(RegistryHost.ENDPOINT), HASTY, one);
        var second = client(host, host.network.connect(RegistryHost.ENDPOINT), HASTY, other);
        first.register(RegistryConformance.instance(ORDERS, "same"));
        second.register(RegistryConformance.instance(ORDERS, "same"));

        host.start();

        var refusal = "refuses instance same of shop.Orders";
        eventually(() -> first.problem()
                .or(second::problem)
                .filter(t -> t.contains(refusal))
                .isPresent());
        eventually(() -> List.of(one, other).stream()
                .flatMap(r -> r.changes.stream())
                .anyMatch(change -> change.reachable() && change.message().contains(refusal)));
    }

    @Test
    void closingLeavesNothingBehind() {
        var time = new ManualTime();
        var host = host(time).start();
        var client = client(host, RegistryPolicy.STANDARD);
        var registration = client.register(RegistryConformance.instance(ORDERS, "a"));
        client.watch(ORDERS, new WatchRecorder());
        client.watch(STOCK, new WatchRecorder()).close();
        assertThat(time.sleepers()).isPositive();

        client.close();
        host.close();

        eventually(() -> time.sleepers() == 0);
        registration.close();
        assertThat(time.sleepers()).isZero();
    }

    @Test
    void closingDoesNotWaitLongForARegistryThatIsGone() {
        var host = host(Time.system()).start();
        var client = client(host, HASTY);
        var registration = client.register(RegistryConformance.instance(ORDERS, "a"));
        host.crash();

        long before = System.nanoTime();
        client.close();
        registration.close();

        assertThat(Duration.ofNanos(System.nanoTime() - before))
                .isLessThan(HASTY.patience().multipliedBy(20));
    }

    @Test
    void everyChangeIsEmittedOnceHoweverManyWatch() {
        var host = host(Time.system()).start();
        var changes = new CopyOnWriteArrayList<DiscoveryEvent>();
        var client = client(host, host.network.connect(RegistryHost.ENDPOINT), LASTING, event -> {
            if (event instanceof Event.DiscoveryChanged changed) {
                changes.add(changed.change());
            }
        });
        var seen = new WatchRecorder();
        client.watch(ORDERS, seen);
        client.watch(ORDERS, new WatchRecorder());

        client.register(RegistryConformance.instance(ORDERS, "a")).close();
        seen.next(Added.class);
        seen.next(Removed.class);

        eventually(() -> changes.size() >= 2);
        assertThat(changes).hasSize(2);
        assertThat(changes.get(0)).isInstanceOf(Added.class);
        assertThat(changes.get(1)).isInstanceOf(Removed.class);
    }
}
