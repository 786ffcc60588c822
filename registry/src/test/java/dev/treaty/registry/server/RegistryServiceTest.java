package dev.treaty.registry.server;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static dev.treaty.registry.Patience.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.Instances;
import dev.treaty.registry.Patience;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.RegistryProtocol.Health;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.Kind;
import dev.treaty.registry.RegistryProtocol.Lease;
import dev.treaty.registry.RegistryProtocol.News;
import dev.treaty.registry.SelfPreservationPolicy;
import dev.treaty.registry.changes.WatcherAcks;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RegistryServiceTest {
    private static final String TOKEN = "my-token";
    private static final String SERVICE = ORDERS.value();

    private final ManualTime time = new ManualTime(STARTED);
    private final RegistryTable table = new RegistryTable(
            new RegistryLimits(10, 10, 1, 3, 100, Duration.ofSeconds(1), Duration.ofMinutes(1), 1 << 30),
            new Random(1));
    private final RegistryService registry = new RegistryService(table, time, Events.NONE);

    /** The tests count waiting threads: the one that lets leases expire is the first. */
    @BeforeEach
    void settle() {
        eventually(() -> time.sleepers() == 1);
    }

    @AfterEach
    void close() {
        registry.close();
    }

    private void register(String id) {
        registry.register(Instance.of(Instances.of(ORDERS, id)), TOKEN, 10_000);
    }

    /** Starts a watch on its own thread. */
    private Promise<News> watch(long since, String epoch, long waitMillis) {
        var news = new Promise<News>();
        Thread.ofVirtual().start(() -> {
            try {
                news.complete(registry.watch(Map.of(SERVICE, since), epoch, waitMillis, ""));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return news;
    }

    private static News get(Promise<News> news) throws InterruptedException {
        News got = news.await(Time.system(), Patience.NANOS);
        assertThat(got).as("news").isNotNull();
        return got;
    }

    /** Advances the time second by second: a jump would look like a stop of this process. */
    private void pass(int seconds) {
        pass(seconds, table);
    }

    /** Lets time pass; each registry checks its leases every second, and takes a longer pause for a stop. */
    private void pass(int seconds, RegistryTable... checking) {
        for (int i = 0; i < seconds; i++) {
            eventually(() -> time.sleepers() >= checking.length);
            time.advance(Duration.ofSeconds(1));
            eventually(() -> Stream.of(checking).allMatch(each -> each.lastCheckNanos() == time.nanoTime()));
        }
    }

    private static void refused(Code code, String message, ThrowingCallable what) {
        assertThatThrownBy(what).isInstanceOfSatisfying(ServiceException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.fault().message()).contains(message);
        });
    }

    @Test
    void watchers_that_have_seen_the_same_get_the_same_object() throws InterruptedException {
        register("a");
        News all = get(watch(0, "", 0));
        assertThat(get(watch(0, "", 0))).as("all instances").isSameAs(all);
        List<Promise<News>> waiting = Stream.generate(() -> watch(all.revision(), all.epoch(), 20_000))
                .limit(3)
                .toList();
        eventually(() -> registry.overview().watches() == 3);
        register("b");

        News first = get(waiting.getFirst());
        assertThat(first.changes()).hasSize(1);
        for (Promise<News> each : waiting) {
            assertThat(get(each)).isEqualTo(first);
        }
        assertThat(get(watch(all.revision(), all.epoch(), 0)))
                .as("the changes")
                .isSameAs(get(watch(all.revision(), all.epoch(), 0)));
        register("c");
        assertThat(get(watch(all.revision(), all.epoch(), 0)).changes())
                .as("a later watch gets more changes")
                .hasSize(2);
    }

    @Test
    void a_paged_list_is_not_shared_since_its_rest_expires() throws InterruptedException {
        try (var service =
                new RegistryService(new RegistryTable(RegistryLimits.STANDARD, new Random(1)), time, Events.NONE)) {
            for (int i = 0; i < 50; i++) {
                var large = Instances.of(ORDERS, "large-" + i).withMetadata(Map.of("note", "x".repeat(8_000)));
                service.register(Instance.of(large), TOKEN, 10_000);
            }
            var one = service.watch(Map.of(SERVICE, 0L), "", 0, "").complete().getFirst();
            var other = service.watch(Map.of(SERVICE, 0L), "", 0, "").complete().getFirst();
            assertThat(one.next()).isNotEmpty();
            assertThat(other.next()).isNotEqualTo(one.next());
        }
    }

    @Test
    void the_protocol_has_a_contract_text() {
        var contract = ServiceContract.of(RegistryProtocol.class);

        assertThat(contract.name().value()).isEqualTo("treaty.Registry");
        assertThat(contract.operations()).hasSize(18);
        assertThat(contract.operations().stream().filter(operation -> !operation.idempotent()))
                .as("repeated, it would say that nothing was replaced")
                .extracting(Operation::name)
                .containsExactly("replaceSettings");
        assertThat(ServiceContract.parse(contract.text())).isEqualTo(contract);
    }

    @Test
    void a_first_watch_gets_all_instances_immediately() throws InterruptedException {
        register("a");

        News news = registry.watch(Map.of(SERVICE, 0L), "", 25_000, "");

        assertThat(news.epoch()).isEqualTo(table.epoch());
        assertThat(news.changes()).isEmpty();
        assertThat(news.complete()).singleElement().satisfies(complete -> {
            assertThat(complete.service()).isEqualTo(SERVICE);
            assertThat(complete.instances()).containsExactly(Instance.of(Instances.of(ORDERS, "a")));
        });
    }

    @Test
    void a_watch_is_answered_as_soon_as_something_changes() throws InterruptedException {
        register("a");
        News first = registry.watch(Map.of(SERVICE, 0L), "", 0, "");
        int before = time.sleepers();
        var waiting = watch(first.revision(), first.epoch(), 25_000);
        eventually(() -> time.sleepers() > before);
        assertThat(waiting.now()).isNull();

        registry.report("a", TOKEN, new Health(Status.WARNING, "hm", Optional.empty(), Optional.empty()));
        News second = get(waiting);

        assertThat(second.complete()).isEmpty();
        assertThat(second.changes()).singleElement().satisfies(change -> {
            assertThat(change.kind()).isEqualTo(Kind.UPDATED);
            assertThat(change.instance().health().orElseThrow().message()).isEqualTo("hm");
            assertThat(change.timestamp()).isEqualTo(time.instant());
        });
        registry.deregister("a", TOKEN);
        News third = registry.watch(Map.of(SERVICE, second.revision()), second.epoch(), 0, "");
        assertThat(third.changes()).singleElement().satisfies(change -> {
            assertThat(change.kind()).isEqualTo(Kind.REMOVED);
            assertThat(change.reason()).isEqualTo("closed");
        });
    }

    @Test
    void a_watch_of_another_epoch_gets_all_instances() throws InterruptedException {
        register("a");
        News first = registry.watch(Map.of(SERVICE, 0L), "", 0, "");

        News other = registry.watch(Map.of(SERVICE, first.revision()), "another", 25_000, "");

        assertThat(other.complete()).hasSize(1);
    }

    @Test
    void a_watch_without_changes_ends_after_its_wait() throws InterruptedException {
        long revision = table.changes().revision();
        int before = time.sleepers();
        var waiting = watch(revision, table.epoch(), 5_000);
        eventually(() -> time.sleepers() > before);
        registry.register(Instance.of(Instances.of(Instances.STOCK, "other")), TOKEN, 60_000);

        time.advance(Duration.ofMillis(4_999));
        assertThat(waiting.now()).isNull();
        time.advance(Duration.ofMillis(1));
        News news = get(waiting);

        assertThat(news.changes()).isEmpty();
        assertThat(news.complete()).isEmpty();
        assertThat(news.revision()).as("changes of other services are skipped").isGreaterThan(revision);
    }

    @Test
    void a_watch_waits_no_longer_than_its_limit_and_its_deadline() throws InterruptedException {
        int before = time.sleepers();
        var endless = watch(table.changes().revision(), table.epoch(), Long.MAX_VALUE);
        eventually(() -> time.sleepers() > before);
        time.advance(RegistryService.WAIT_MAX);
        get(endless);

        var context = CallContext.next(Principal.ANONYMOUS, time, new Random(1))
                .within(Deadline.after(Duration.ofMillis(200), time));
        News news = context.run(
                () -> registry.watch(Map.of(SERVICE, table.changes().revision()), table.epoch(), 25_000, ""));
        assertThat(news.changes()).isEmpty();
    }

    @Test
    void closing_answers_waiting_watches() throws InterruptedException {
        int before = time.sleepers();
        var waiting = watch(table.changes().revision(), table.epoch(), 25_000);
        eventually(() -> time.sleepers() > before);

        registry.close();

        assertThat(get(waiting).changes()).isEmpty();
        eventually(() -> time.sleepers() == 0);
    }

    @Test
    void a_watch_ends_the_earlier_one_of_its_watcher() throws InterruptedException {
        register("a");
        int before = time.sleepers();
        var first = new Promise<News>();
        Thread.ofVirtual().start(() -> {
            try {
                var since = Map.of(SERVICE, table.changes().revision());
                first.complete(registry.watch(since, table.epoch(), 25_000, "watcher"));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        eventually(() -> time.sleepers() > before);

        News second = registry.watch(Map.of(SERVICE, 0L), "", 25_000, "watcher");

        assertThat(second.complete()).hasSize(1);
        assertThat(get(first).changes()).isEmpty();
    }

    @Test
    void more_watches_than_the_limit_are_refused() {
        int before = time.sleepers();
        watch(table.changes().revision(), table.epoch(), 25_000);
        watch(table.changes().revision(), table.epoch(), 25_000);
        watch(table.changes().revision(), table.epoch(), 25_000);
        eventually(() -> time.sleepers() > before + 2);

        refused(Code.RESOURCE_EXHAUSTED, "3 watches are waiting", () -> registry.watch(Map.of(SERVICE, 0L), "", 0, ""));
    }

    @Test
    void leases_expire_without_requests() {
        register("a");
        assertThat(registry.renew(List.of(new Lease("a", TOKEN), new Lease("b", TOKEN)))
                        .unknown())
                .containsExactly("b");

        pass(10);
        eventually(
                () -> registry.instances(SERVICE, "", 1_000, Optional.empty()).isEmpty());

        assertThat(registry.services()).isEmpty();
        assertThat(registry.renew(List.of(new Lease("a", TOKEN))).unknown()).containsExactly("a");
    }

    @Test
    void absent_fields_get_their_defaults() {
        registry.register(sparse("1.4", SERVICE, 80, 100), TOKEN, 10_000);

        var read = table.changes().instances(ORDERS).getFirst();
        assertThat(read.health().status()).isEqualTo(Status.UNKNOWN);
        assertThat(read.startedAt()).isEqualTo(time.instant());
        assertThat(read.version()).hasToString("1.4.0");
    }

    @Test
    void illegal_requests_are_refused_with_a_message() {
        var good = Instance.of(Instances.of(ORDERS, "a"));
        refused(Code.INVALID_ARGUMENT, "leaseMillis", () -> registry.register(good, TOKEN, 0));
        refused(
                Code.INVALID_ARGUMENT,
                "not a version",
                () -> registry.register(sparse("x", SERVICE, 80, 100), TOKEN, 9_000));
        refused(
                Code.INVALID_ARGUMENT,
                "service name",
                () -> registry.register(sparse("1", "1 2", 80, 100), TOKEN, 9_000));
        refused(Code.INVALID_ARGUMENT, "port", () -> registry.register(sparse("1", SERVICE, 0, 100), TOKEN, 9_000));
        refused(
                Code.INVALID_ARGUMENT,
                "weight is 0",
                () -> registry.register(sparse("1", SERVICE, 80, 0), TOKEN, 9_000));
        refused(Code.INVALID_ARGUMENT, "service name", () -> registry.instances("", "", 1, Optional.empty()));
        refused(Code.INVALID_ARGUMENT, "contract", () -> registry.publish("no contract", false));
        refused(Code.INVALID_ARGUMENT, "at most 262144", () -> registry.publish("x".repeat(262_145), false));
        refused(
                Code.INVALID_ARGUMENT,
                "at most 1024",
                () -> registry.renew(Collections.nCopies(1_025, new Lease("a", TOKEN))));
        var many = IntStream.range(0, 1_025).boxed().collect(Collectors.toMap(i -> "s" + i, _ -> 0L));
        refused(Code.INVALID_ARGUMENT, "at most 1024", () -> registry.watch(many, "", 0, ""));
        assertThat(registry.services()).isEmpty();
    }

    private static Instance sparse(String version, String service, int port, int weight) {
        return new Instance(
                "a",
                service,
                version,
                "http",
                "host",
                port,
                Optional.empty(),
                "",
                "",
                weight,
                "",
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void contracts_are_kept_up_to_a_limit() {
        registry.publish("contract shop.Orders 1.1.0\nget() -> string", false);
        registry.publish("contract shop.Orders 1.0.0\nget() -> string", false);

        assertThat(registry.contract(SERVICE)
                        .map(ServiceContract::parse)
                        .orElseThrow()
                        .version())
                .hasToString("1.1.0");
        assertThat(registry.contract("shop.Stock")).isEmpty();
        refused(
                Code.RESOURCE_EXHAUSTED,
                "holds the contracts of 1 services",
                () -> registry.publish("contract shop.Stock 1.0.0\nget() -> string", false));
    }

    /** Starts a single watch of a watcher, which does not ask again. */
    private Promise<News> follow(String watcher, long since) {
        var news = new Promise<News>();
        Thread.ofVirtual().start(() -> {
            try {
                news.complete(registry.watch(Map.of(SERVICE, since), table.epoch(), 25_000, watcher));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return news;
    }

    private Promise<Integer> missing(String id) {
        var missing = new Promise<Integer>();
        Thread.ofVirtual().start(() -> {
            try {
                missing.complete(registry.heard(id, TOKEN, 10_000).missing());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return missing;
    }

    private void drain(String id) {
        registry.report(id, TOKEN, new Health(Status.DRAINING, "", Optional.empty(), Optional.empty()));
    }

    @Test
    void a_drain_is_acknowledged_when_all_watchers_ask_again() throws InterruptedException {
        register("a");
        long since = table.changes().revision();
        int before = time.sleepers();
        var one = follow("one", since);
        var other = follow("other", since);
        eventually(() -> time.sleepers() == before + 2);

        drain("a");
        var missing = missing("a");
        long drained = get(one).revision();
        get(other);
        follow("one", drained);
        eventually(() -> time.sleepers() >= before + 2); // one watcher and the drain
        assertThat(missing.now()).as("one of two").isNull();
        follow("other", drained);

        assertThat(missing.await(Time.system(), Patience.NANOS)).isZero();
    }

    @Test
    void a_watcher_that_does_not_ask_again_counts_as_gone() throws InterruptedException {
        register("a");
        int before = time.sleepers();
        var one = follow("one", table.changes().revision());
        eventually(() -> time.sleepers() == before + 1);

        drain("a");
        get(one);
        var missing = missing("a");
        eventually(() -> time.sleepers() == before + 1);
        time.advance(WatcherAcks.TIMEOUT.minusMillis(1));
        assertThat(missing.now()).isNull();
        time.advance(Duration.ofMillis(1));

        assertThat(missing.await(Time.system(), Patience.NANOS)).isZero();
    }

    @Test
    void a_change_of_another_service_needs_no_acknowledgement() throws InterruptedException {
        register("a");
        int before = time.sleepers();
        follow("one", table.changes().revision());
        eventually(() -> time.sleepers() == before + 1);
        registry.register(Instance.of(Instances.of(Instances.STOCK, "elsewhere")), TOKEN, 10_000);

        assertThat(registry.heard("a", TOKEN, 10_000).missing()).isZero();
        refused(Code.PERMISSION_DENIED, "another token", () -> registry.heard("a", "not-my-token", 0));
        refused(Code.NOT_FOUND, "not registered", () -> registry.heard("b", TOKEN, 0));
    }

    @Test
    void timestamps_in_the_future_become_now() {
        var ahead = Instances.of(ORDERS, "a").withStartedAt(STARTED.plusSeconds(3_600));
        registry.register(Instance.of(ahead), TOKEN, 10_000);
        var late = new Health(Status.WARNING, "", Optional.of(STARTED.plusSeconds(60)), Optional.empty());
        registry.report("a", TOKEN, late);

        var read = table.changes().instances(ORDERS).getFirst();
        assertThat(read.startedAt()).isEqualTo(time.instant());
        assertThat(read.health().timestamp()).isEqualTo(time.instant());
    }

    @Test
    void instances_that_are_kept_as_stale_are_shown_by_the_health_of_the_registry_R6() {
        assertThat(registry.health().status()).isEqualTo(Status.PASSING);
        IntStream.range(0, 5).forEach(i -> register("i" + i));
        pass(12);
        eventually(() -> registry.health().status() == Status.WARNING);
        assertThat(registry.health().message()).contains("many leases expired at once", "are kept as stale");
    }

    @Test
    void critical_instances_that_stay_listed_are_shown_by_the_health_of_the_registry_R6() {
        var policy = new SelfPreservationPolicy(0.15, Duration.ofMinutes(1), Optional.of(Duration.ofSeconds(30)));
        var delisting = new RegistryTable(RegistryLimits.STANDARD, policy, new Random(1));
        var problems = new CopyOnWriteArrayList<Boolean>();
        Events events = event -> {
            if (event instanceof Event.RegistryChanged changed) {
                problems.add(changed.problem());
            }
        };
        try (var service = new RegistryService(delisting, time, events)) {
            for (int i = 0; i < 5; i++) {
                service.register(Instance.of(Instances.of(ORDERS, "i" + i, Status.CRITICAL)), TOKEN, 600_000);
            }
            pass(31, table, delisting);
            String problem = "many instances stay critical at once: 4 stay listed until they recover";
            eventually(() -> service.health().message().contains(problem));
            assertThat(service.health().status()).isEqualTo(Status.WARNING);
            assertThat(delisting.changes().instances(ORDERS)).hasSize(4).allSatisfy(instance -> {
                assertThat(instance.health().status()).isEqualTo(Status.CRITICAL);
                assertThat(instance.health().message()).contains("it stays listed, since many are critical at once");
            });
            eventually(() -> !problems.isEmpty());
            assertThat(problems).containsExactly(true);

            var passing = new Health(Status.PASSING, "", Optional.empty(), Optional.empty());
            IntStream.range(0, 5).forEach(i -> service.report("i" + i, TOKEN, passing));
            pass(2, table, delisting);
            eventually(() -> service.health().status() == Status.PASSING && problems.size() == 2);
            assertThat(problems).containsExactly(true, false);
            assertThat(delisting.changes().instances(ORDERS))
                    .hasSize(5)
                    .allSatisfy(
                            instance -> assertThat(instance.health().message()).isEmpty());
        }
    }

    @Test
    void waiting_watches_have_a_memory_limit_whose_refusal_names_it_R12() {
        var small = new RegistryTable(
                new RegistryLimits(10, 10, 1, 9, 100, Duration.ofSeconds(1), Duration.ofMinutes(1), 1 << 17),
                new Random(1));
        try (var service = new RegistryService(small, Time.system(), Events.NONE)) {
            Map<String, Long> many =
                    IntStream.range(0, 1_000).boxed().collect(Collectors.toMap(i -> "shop.Service" + i, _ -> 0L));
            refused(
                    Code.RESOURCE_EXHAUSTED,
                    "the waiting watches of the registry take 0 bytes",
                    () -> service.watch(many, "", 0, ""));
            for (int i = 0; i < 10; i++) { // each gives back what it took
                assertThat(service.watch(Map.of(SERVICE, 0L), "", 0, "").complete())
                        .hasSize(1);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
