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
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceHealth.Status;
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
import dev.treaty.registry.changes.WatcherAcks;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RegistryServiceTest {
    private static final String TOKEN = "a-token-of-mine";
    private static final String SERVICE = ORDERS.value();

    private final ManualTime time = new ManualTime(STARTED);
    private final RegistryTable table = new RegistryTable(
            new RegistryLimits(10, 10, 1, 3, 100, Duration.ofSeconds(1), Duration.ofMinutes(1)), new Random(1));
    private final RegistryService registry = new RegistryService(table, time, Events.NONE);

    /** The thread that ends leases waits too, and the tests count those who wait. */
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

    /** A watch in a thread of its own. */
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

    /** Lets so many seconds pass, one by one: a jump would look as if this process had been stopped. */
    private void pass(int seconds) {
        for (int i = 0; i < seconds; i++) {
            eventually(() -> time.sleepers() > 0);
            time.advance(Duration.ofSeconds(1));
            eventually(() -> table.lookedNanos() == time.nanoTime());
        }
    }

    private static void refused(Code code, String message, ThrowingCallable what) {
        assertThatThrownBy(what).isInstanceOfSatisfying(ServiceException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.fault().message()).contains(message);
        });
    }

    @Test
    void whoHasHeardTheSameIsGivenTheSameObject() throws InterruptedException {
        register("a");
        News all = get(watch(0, "", 0));
        assertThat(get(watch(0, "", 0))).as("the whole set").isSameAs(all);
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
                .as("who comes later hears of more")
                .hasSize(2);
    }

    @Test
    void aSetInPagesIsNotSharedSinceItsRestIsForgottenAfterAWhile() throws InterruptedException {
        try (var large =
                new RegistryService(new RegistryTable(RegistryLimits.STANDARD, new Random(1)), time, Events.NONE)) {
            for (int i = 0; i < 50; i++) {
                var heavy = Instances.of(ORDERS, "heavy-" + i).withMetadata(Map.of("note", "x".repeat(8_000)));
                large.register(Instance.of(heavy), TOKEN, 10_000);
            }
            var one = large.watch(Map.of(SERVICE, 0L), "", 0, "").complete().getFirst();
            var other = large.watch(Map.of(SERVICE, 0L), "", 0, "").complete().getFirst();
            assertThat(one.next()).isNotEmpty();
            assertThat(other.next()).isNotEqualTo(one.next());
        }
    }

    @Test
    void theProtocolIsAContractThatTravels() {
        var contract = ServiceContract.of(RegistryProtocol.class);

        assertThat(contract.name().value()).isEqualTo("treaty.Registry");
        assertThat(contract.operations()).hasSize(14).allMatch(o -> o.idempotent());
        assertThat(ServiceContract.parse(contract.text())).isEqualTo(contract);
    }

    @Test
    void aWatchWithoutAnythingSeenGetsEverythingAtOnce() throws InterruptedException {
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
    void aWatchIsAnsweredTheMomentSomethingChanges() throws InterruptedException {
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
    void aWatchOfAnotherEpochStartsAnew() throws InterruptedException {
        register("a");
        News first = registry.watch(Map.of(SERVICE, 0L), "", 0, "");

        News other = registry.watch(Map.of(SERVICE, first.revision()), "another", 25_000, "");

        assertThat(other.complete()).hasSize(1);
    }

    @Test
    void aWatchWithoutNewsEndsAfterItsWait() throws InterruptedException {
        long revision = table.catalog().revision();
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
        assertThat(news.revision())
                .as("what happened elsewhere needs no second look")
                .isGreaterThan(revision);
    }

    @Test
    void aWatchNeverWaitsLongerThanItsLimitOrItsDeadline() throws InterruptedException {
        int before = time.sleepers();
        var endless = watch(table.catalog().revision(), table.epoch(), Long.MAX_VALUE);
        eventually(() -> time.sleepers() > before);
        time.advance(RegistryService.WAIT_MAX);
        get(endless);

        var context = CallContext.next(Principal.ANONYMOUS, time, new Random(1))
                .within(Deadline.after(Duration.ofMillis(200), time));
        News news = context.run(
                () -> registry.watch(Map.of(SERVICE, table.catalog().revision()), table.epoch(), 25_000, ""));
        assertThat(news.changes()).isEmpty();
    }

    @Test
    void closingAnswersThoseWhoWait() throws InterruptedException {
        int before = time.sleepers();
        var waiting = watch(table.catalog().revision(), table.epoch(), 25_000);
        eventually(() -> time.sleepers() > before);

        registry.close();

        assertThat(get(waiting).changes()).isEmpty();
        eventually(() -> time.sleepers() == 0);
    }

    @Test
    void aWatcherThatAsksOtherwiseLeavesNoWatchBehind() throws InterruptedException {
        register("a");
        int before = time.sleepers();
        var first = new Promise<News>();
        Thread.ofVirtual().start(() -> {
            try {
                var since = Map.of(SERVICE, table.catalog().revision());
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
    void moreWatchesThanTheLimitAreRefused() {
        int before = time.sleepers();
        watch(table.catalog().revision(), table.epoch(), 25_000);
        watch(table.catalog().revision(), table.epoch(), 25_000);
        watch(table.catalog().revision(), table.epoch(), 25_000);
        eventually(() -> time.sleepers() > before + 2);

        refused(Code.RESOURCE_EXHAUSTED, "3 watches are waiting", () -> registry.watch(Map.of(SERVICE, 0L), "", 0, ""));
    }

    @Test
    void leasesEndByThemselves() {
        register("a");
        assertThat(registry.renew(List.of(new Lease("a", TOKEN), new Lease("b", TOKEN)))
                        .unknown())
                .containsExactly("b");

        pass(10);
        eventually(() -> registry.instances(SERVICE, "", 1_000).isEmpty());

        assertThat(registry.services()).isEmpty();
        assertThat(registry.renew(List.of(new Lease("a", TOKEN))).unknown()).containsExactly("a");
    }

    @Test
    void whatIsLeftOutIsFilledIn() {
        registry.register(sparse("1.4", SERVICE, 80, 100), TOKEN, 10_000);

        var read = table.catalog().roster(ORDERS).getFirst();
        assertThat(read.health().status()).isEqualTo(Status.UNKNOWN);
        assertThat(read.startedAt()).isEqualTo(time.instant());
        assertThat(read.version()).hasToString("1.4.0");
    }

    @Test
    void whatIsWrongIsRefusedWithASentence() {
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
        refused(Code.INVALID_ARGUMENT, "weight 0", () -> registry.register(sparse("1", SERVICE, 80, 0), TOKEN, 9_000));
        refused(Code.INVALID_ARGUMENT, "service name", () -> registry.instances("", "", 1));
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
    void contractsAreKeptUpToALimit() {
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

    /** Somebody who follows the service, and comes back only where it is told to. */
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

    private Promise<Integer> heard(String id) {
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
    void aDrainIsHeardWhenAllWhoFollowComeBack() throws InterruptedException {
        register("a");
        long since = table.catalog().revision();
        int before = time.sleepers();
        var one = follow("one", since);
        var other = follow("other", since);
        eventually(() -> time.sleepers() == before + 2);

        drain("a");
        var heard = heard("a");
        long drained = get(one).revision();
        get(other);
        follow("one", drained);
        eventually(() -> time.sleepers() >= before + 2); // one that waits again, and the drain
        assertThat(heard.now()).as("one of two").isNull();
        follow("other", drained);

        assertThat(heard.await(Time.system(), Patience.NANOS)).isZero();
    }

    @Test
    void whoeverWasToldAndDoesNotComeBackIsGone() throws InterruptedException {
        register("a");
        int before = time.sleepers();
        var one = follow("one", table.catalog().revision());
        eventually(() -> time.sleepers() == before + 1);

        drain("a");
        get(one);
        var heard = heard("a");
        eventually(() -> time.sleepers() == before + 1);
        time.advance(WatcherAcks.PATIENCE.minusMillis(1));
        assertThat(heard.now()).isNull();
        time.advance(Duration.ofMillis(1));

        assertThat(heard.await(Time.system(), Patience.NANOS)).isZero();
    }

    @Test
    void nobodyHasToHearWhatIsNotNew() throws InterruptedException {
        register("a");
        int before = time.sleepers();
        follow("one", table.catalog().revision());
        eventually(() -> time.sleepers() == before + 1);
        registry.register(Instance.of(Instances.of(Instances.STOCK, "elsewhere")), TOKEN, 10_000);

        assertThat(registry.heard("a", TOKEN, 10_000).missing()).isZero();
        refused(Code.PERMISSION_DENIED, "another token", () -> registry.heard("a", "not-my-token", 0));
        refused(Code.NOT_FOUND, "not registered", () -> registry.heard("b", TOKEN, 0));
    }

    @Test
    void clocksThatAreAheadAreSetBack() {
        var ahead = Instances.of(ORDERS, "a").withStartedAt(STARTED.plusSeconds(3_600));
        registry.register(Instance.of(ahead), TOKEN, 10_000);
        var late = new Health(Status.WARNING, "", Optional.of(STARTED.plusSeconds(60)), Optional.empty());
        registry.report("a", TOKEN, late);

        var read = table.catalog().roster(ORDERS).getFirst();
        assertThat(read.startedAt()).isEqualTo(time.instant());
        assertThat(read.health().timestamp()).isEqualTo(time.instant());
    }
}
