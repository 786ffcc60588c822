package dev.treaty.balance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.balance.Instances.Peer;
import dev.treaty.balance.LocalityPolicy.Nearness;
import dev.treaty.balance.RoutingPolicy.Destination;
import dev.treaty.balance.RoutingPolicy.Match;
import dev.treaty.balance.RoutingPolicy.Mirror;
import dev.treaty.balance.RoutingPolicy.Rule;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.Version;
import dev.treaty.core.event.Event;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BalancedInstancesTest {
    private static final Duration MILLI = Duration.ofMillis(1);

    /** Makes calls, of which those to some instances fail; tells how many each got. */
    private static int[] drive(Instances instances, int calls, Predicate<Peer> fails) {
        var got = new int[instances.peers.size()];
        for (int i = 0; i < calls; i++) {
            Peer peer = instances.pick(instances.call());
            if (peer != null) {
                got[instances.peers.indexOf(peer)]++;
                instances.begin(peer);
                instances.time.advance(MILLI);
                instances.end(peer, MILLI, !fails.test(peer));
            }
        }
        return got;
    }

    private static List<Exclusion> exclusions(Instances instances) {
        return instances.fleet.all(instances.time.nanoTime()).exclusions();
    }

    private static Instances roundRobin(int count) {
        return Instances.of(count, BalancePolicy.DEFAULT.policy(LoadBalancingPolicy.ROUND_ROBIN), 11);
    }

    @Test
    void anInstanceThatFailsMoreThanTheOthersIsEjectedTriedAndComesBackSlowly() {
        var instances = roundRobin(6);
        Peer bad = instances.peers.get(2);
        var random = new Random(5);
        drive(instances, 2_500, peer -> peer == bad && random.nextInt(10) < 4);
        assertThat(exclusions(instances)).singleElement().satisfies(exclusion -> {
            assertThat(exclusion.instance()).isEqualTo(bad.id());
            assertThat(exclusion.reason()).isEqualTo(Reason.EJECTED);
            assertThat(exclusion.detail()).containsPattern("\\d+ of \\d+ calls failed");
        });
        assertThat(drive(instances, 600, _ -> false)[2]).isZero();

        // It is well again: after its time it gets trials, one at a time, then a growing share.
        int[] trials = drive(instances, 5_000, _ -> false);
        assertThat(trials[2]).isPositive();
        assertThat(instances.events)
                .filteredOn(e -> e instanceof Event.EjectionChanged)
                .extracting(e -> ((Event.EjectionChanged) e).ejected())
                .containsExactly(true, false);
        assertThat(exclusions(instances))
                .singleElement()
                .satisfies(exclusion -> assertThat(exclusion.reason()).isEqualTo(Reason.COLD));
        drive(instances, 12_000, _ -> false);
        assertThat(exclusions(instances)).isEmpty();
        int[] even = drive(instances, 600, _ -> false);
        assertThat(even[2]).isBetween(99, 101);
    }

    @Test
    void anInstanceThatFailsItsTrialIsOutForLongerEachTime() {
        var instances = roundRobin(5);
        Peer bad = instances.peers.get(4);
        int calls = 60_000;
        int[] got = drive(instances, calls, peer -> peer == bad);
        // A minute: at most the calls until it is found out, and one for each of a few trials.
        assertThat(got[4]).isLessThan(calls / 100);
        long ejections = instances.events.stream()
                .filter(e -> e instanceof Event.EjectionChanged)
                .count();
        assertThat(ejections).isBetween(3L, 6L);
    }

    @Test
    void anEjectedInstanceIsBackAtOnceWhereEjectionIsSwitchedOffAndStays() {
        var instances = roundRobin(5);
        Peer bad = instances.peers.get(4);
        drive(instances, 2_500, peer -> peer == bad);
        assertThat(exclusions(instances)).hasSize(1);
        var off = BalancePolicy.DEFAULT
                .policy(LoadBalancingPolicy.ROUND_ROBIN)
                .ejection(EjectionPolicy.DEFAULT.enabled(false));
        instances.fleet.reconfigure(off, RoutingPolicy.DEFAULT);
        assertThat(drive(instances, 20_000, peer -> peer == bad)[4]).isGreaterThan(2_000);
        assertThat(exclusions(instances)).isEmpty();
        assertThat(ejections(instances))
                .containsExactly(
                        new Event.EjectionChanged(
                                Instances.SERVICE,
                                bad.id(),
                                true,
                                ejections(instances).getFirst().reason()),
                        new Event.EjectionChanged(Instances.SERVICE, bad.id(), false, "ejection was switched off"));
        // What failed meanwhile is no reason later.
        instances.fleet.reconfigure(
                BalancePolicy.DEFAULT.policy(LoadBalancingPolicy.ROUND_ROBIN), RoutingPolicy.DEFAULT);
        drive(instances, 5_000, _ -> false);
        assertThat(ejections(instances)).hasSize(2);
    }

    private static List<Event.EjectionChanged> ejections(Instances instances) {
        return instances.events.stream()
                .filter(e -> e instanceof Event.EjectionChanged)
                .map(e -> (Event.EjectionChanged) e)
                .toList();
    }

    @Test
    void aTrialIsNotLostByACallThatBeganBeforeIt() {
        var instances = roundRobin(5);
        Peer bad = instances.peers.get(4);
        instances.begin(bad); // a call that will take long
        drive(instances, 2_500, peer -> peer == bad);
        assertThat(exclusions(instances)).hasSize(1);
        drive(instances, 8_000, _ -> false); // its time is up
        instances.end(bad, Duration.ofSeconds(10), false);
        drive(instances, 5_000, _ -> false);
        assertThat(ejections(instances))
                .extracting(Event.EjectionChanged::reason)
                .last()
                .isEqualTo("it answered 3 trial calls well");
        assertThat(ejections(instances)).hasSize(2);
    }

    @Test
    void whatHappenedWhileTooFewCouldBeJudgedIsNoReasonLater() {
        var instances = roundRobin(2);
        Peer once = instances.peers.getFirst();
        drive(instances, 5_000, peer -> peer == once);
        drive(instances, 2_500, _ -> false);
        instances.addNew("third");
        drive(instances, 20_000, _ -> false);
        assertThat(ejections(instances)).isEmpty();
    }

    @Test
    void whereCallsAreFewTheyAreGatheredForAWhileAndNoLonger() {
        var instances = roundRobin(5);
        Peer bad = instances.peers.get(2);
        // One call a second and instance: its last ones are judged once there are enough.
        slowly(instances, 150, bad);
        assertThat(exclusions(instances)).extracting(Exclusion::instance).containsExactly(bad.id());

        var later = roundRobin(5);
        Peer once = later.peers.get(2);
        slowly(later, 75, once); // too few to judge
        later.time.advance(Duration.ofDays(1));
        drive(later, 5_000, _ -> false);
        assertThat(ejections(later)).isEmpty();
    }

    private static void slowly(Instances instances, int calls, Peer bad) {
        for (int i = 0; i < calls; i++) {
            Peer peer = instances.pick(instances.call());
            instances.begin(peer);
            instances.time.advance(Duration.ofMillis(200));
            instances.end(peer, MILLI, peer != bad);
        }
    }

    @Test
    void thoseThatAreSlowerThanTheOthersAreEjectedWhateverThePicker() {
        var instances = roundRobin(5);
        Peer slow = instances.peers.get(1);
        for (int i = 0; i < 3_000; i++) {
            Peer peer = instances.pick(instances.call());
            instances.begin(peer);
            instances.time.advance(MILLI);
            instances.end(peer, Duration.ofMillis(peer == slow ? 300 : 12), true);
        }
        assertThat(exclusions(instances)).singleElement().satisfies(exclusion -> {
            assertThat(exclusion.instance()).isEqualTo(slow.id());
            assertThat(exclusion.detail()).contains("slower than usual");
        });
    }

    /** Every moment, in the midst of a look at them too: some then have one slow call more than half, some not. */
    @Property(generation = GenerationMode.EXHAUSTIVE)
    void whereAllBecomeSlowerAlikeNobodyIsEjected(
            @ForAll @IntRange(min = 2_000, max = 3_100) int usual, @ForAll boolean even) {
        var instances = even ? roundRobin(6) : Instances.of(6, BalancePolicy.DEFAULT, usual);
        for (int i = 0; i < usual + 2_000; i++) {
            Peer peer = instances.pick(instances.call());
            instances.begin(peer);
            instances.time.advance(MILLI);
            instances.end(peer, Duration.ofMillis(i < usual ? 12 : 300), true);
        }
        assertThat(ejections(instances)).isEmpty();
    }

    @Test
    void whereAllFailAlikeNobodyIsEjected() {
        var instances = roundRobin(6);
        var random = new Random(9);
        drive(instances, 6_000, _ -> random.nextInt(10) < 5);
        assertThat(exclusions(instances)).isEmpty();
    }

    @Test
    void aThirdThatFailIsFoundOutThoughNoneDeviatesEnoughFromTheMean() {
        var instances = roundRobin(9);
        drive(instances, 3_000, peer -> instances.peers.indexOf(peer) < 3);
        assertThat(exclusions(instances)).extracting(Exclusion::instance).containsExactly("i00000", "i00001", "i00002");
    }

    @Property(tries = 50)
    void neverMoreThanTheBudgetIsEjectedWhateverHappens(
            @ForAll @IntRange(min = 1, max = 12) int count,
            @ForAll @IntRange(min = 0, max = 100) int budget,
            @ForAll long seed) {
        var policy =
                BalancePolicy.DEFAULT.policy(LoadBalancingPolicy.ROUND_ROBIN).unhealthyRatioMax(budget / 100.0);
        var instances = Instances.of(count, policy, seed);
        var random = new Random(seed);
        for (int step = 0; step < 40; step++) {
            int failing = random.nextInt(1 << count);
            Peer changed = instances.peers.get(random.nextInt(count));
            changed.exclusion = switch (random.nextInt(6)) {
                case 0 -> Reason.BREAKER_OPEN;
                case 1 -> Reason.UNHEALTHY;
                default -> null;
            };
            instances.touch();
            drive(instances, 100, peer -> (failing >> instances.peers.indexOf(peer) & 1) == 1);
            instances.time.advance(Duration.ofMillis(random.nextInt(1_500)));
            Candidates all = instances.fleet.all(instances.time.nanoTime());
            long sick = all.exclusions().stream()
                    .filter(e -> InstanceState.sick(e.reason()) && e.reason() != Reason.ON_TRIAL)
                    .count();
            long ejected = all.exclusions().stream()
                    .filter(e -> e.reason() == Reason.EJECTED)
                    .count();
            int allowed = policy.sickMax(count);
            assertThat(ejected).isLessThanOrEqualTo(allowed);
            if (sick > allowed) {
                assertThat(all.panic()).isTrue();
                assertThat(all.eligible()).isEqualTo(count);
            }
            assertThat(count - all.eligible()).isLessThanOrEqualTo(allowed);
        }
    }

    @Test
    void whereMoreAreSickThanMayBeLeftOutAllGetCallsAndItIsSaid() {
        var instances = Instances.of(10, BalancePolicy.DEFAULT, 3);
        instances.peers.stream().limit(5).forEach(peer -> peer.exclusion = Reason.BREAKER_OPEN);
        instances.touch();
        assertThat(Arrays.stream(instances.picks(1_000)).limit(5)).containsOnly(0);
        assertThat(instances.fleet.all(instances.time.nanoTime()).panic()).isFalse();

        instances.peers.forEach(peer -> peer.exclusion = Reason.BREAKER_OPEN);
        instances.touch();
        assertThat(instances.picks(1_000)).doesNotContain(0);
        assertThat(instances.fleet.all(instances.time.nanoTime()).panic()).isTrue();
        assertThat(instances.events).contains(new Event.PanicChanged(Instances.SERVICE, true, 10, 10));

        instances.peers.stream().skip(1).forEach(peer -> peer.exclusion = Reason.DRAINING);
        instances.peers.getFirst().exclusion = null;
        instances.touch();
        assertThat(instances.pick(instances.call())).isSameAs(instances.peers.getFirst());
        assertThat(instances.events).contains(new Event.PanicChanged(Instances.SERVICE, false, 0, 10));
    }

    @Test
    void aSingleInstanceThatIsSickIsLeftOut() {
        var instances = Instances.of(1, BalancePolicy.DEFAULT, 3);
        instances.peers.getFirst().exclusion = Reason.BREAKER_OPEN;
        instances.touch();
        assertThat(instances.pick(instances.call())).isNull();
    }

    @Test
    void aNewInstanceGetsItsShareByAndBy() {
        var instances = Instances.of(9, BalancePolicy.DEFAULT.policy(LoadBalancingPolicy.RANDOM), 3);
        instances.addNew("new");
        int calls = 20_000;
        assertThat(instances.picks(calls)[9]).isBetween(100, 340); // a tenth of its share of 2000, or 1 in 91
        instances.time.advance(Duration.ofSeconds(5));
        assertThat(instances.picks(calls)[9]).isBetween(850, 1_250);
        instances.time.advance(Duration.ofSeconds(6));
        assertThat(instances.picks(calls)[9]).isBetween(1_800, 2_200);
    }

    @Test
    void aColdInstanceThatIsSlowGetsItsLeastShareAllTheSame() {
        var instances = Instances.of(9, BalancePolicy.DEFAULT, 3);
        Peer cold = instances.addNew("new");
        for (Peer peer : instances.peers) {
            instances.begin(peer);
            instances.end(peer, Duration.ofMillis(peer == cold ? 900 : 5), true);
        }
        int[] picks = instances.picks(20_000);
        assertThat(picks[9]).isBetween(100, 340);
        instances.time.advance(Duration.ofSeconds(5));
        for (Peer peer : instances.peers) {
            instances.begin(peer);
            instances.end(peer, Duration.ofMillis(peer == cold ? 900 : 5), true);
        }
        assertThat(instances.picks(20_000)[9]).isBetween(100, 340);
    }

    @Test
    void whereAllHaveJustStartedNobodyIsCold() {
        var instances = new Instances(BalancePolicy.DEFAULT.policy(LoadBalancingPolicy.RANDOM), 3);
        IntStream.range(0, 4).forEach(n -> instances.addNew("n" + n));
        assertThat(exclusions(instances)).isEmpty();
        assertThat(Arrays.stream(instances.picks(4_000)).min().orElseThrow()).isGreaterThan(850);
    }

    private static Instances zones(int near, int region, int far, LocalityPolicy locality) {
        var policy = BalancePolicy.DEFAULT
                .policy(LoadBalancingPolicy.RANDOM)
                .locality(locality)
                .unhealthyRatioMax(1);
        return new Instances(policy, RoutingPolicy.DEFAULT, new Locality("eu", "eu-1a", 0, 1), 3)
                .add(near, i -> i.withPlace("eu", "eu-1a"))
                .add(region, i -> i.withPlace("eu", "eu-1b"))
                .add(far, i -> i.withPlace("us", "us-1a"));
    }

    private static double share(Instances instances, int from, int to) {
        return Arrays.stream(instances.picks(20_000), from, to).sum() / 20_000.0;
    }

    @Test
    void theOwnZoneComesFirstAndSpillsBitByBit() {
        var instances = zones(10, 10, 10, LocalityPolicy.DEFAULT);
        assertThat(share(instances, 0, 10)).isEqualTo(1);
        assertThat(exclusions(instances)).hasSize(20).allMatch(e -> e.reason() == Reason.WRONG_ZONE);
        var spill = new double[] {1, 1, 0.98, 0.84, 0.7, 0.56, 0.42, 0.28, 0.14, 0};
        for (int sick = 2; sick <= 10; sick++) {
            instances.peers.stream().limit(sick).forEach(peer -> peer.exclusion = Reason.UNHEALTHY);
            instances.touch();
            double expected = sick == 2 ? 1 : spill[sick - 1];
            assertThat(share(instances, 0, 10)).isBetween(expected - 0.02, expected + 0.02);
            assertThat(share(instances, 10, 20)).isBetween(1 - expected - 0.02, 1 - expected + 0.02);
        }
        instances.peers.stream().limit(20).forEach(peer -> peer.exclusion = Reason.UNHEALTHY);
        instances.touch();
        assertThat(share(instances, 20, 30)).isEqualTo(1);
    }

    @Test
    void aZoneThatIsTooSmallIsPartOfItsRegionAndLocalityCanBeOff() {
        assertThat(share(zones(1, 3, 4, LocalityPolicy.DEFAULT), 0, 4)).isEqualTo(1);
        assertThat(share(zones(1, 3, 4, LocalityPolicy.DEFAULT), 0, 1)).isBetween(0.22, 0.28);
        assertThat(share(zones(4, 4, 4, new LocalityPolicy(Nearness.NONE, 1.4, 2)), 0, 4))
                .isBetween(0.3, 0.37);
        assertThat(share(zones(4, 4, 4, new LocalityPolicy(Nearness.REGION, 1.4, 2)), 0, 4))
                .isBetween(0.47, 0.53);
    }

    @Test
    void localityNeedsNoEjection() {
        var instances = zones(4, 4, 0, LocalityPolicy.DEFAULT);
        instances.fleet.reconfigure(
                BalancePolicy.DEFAULT.ejection(EjectionPolicy.DEFAULT.enabled(false)), RoutingPolicy.DEFAULT);
        assertThat(share(instances, 0, 4)).isEqualTo(1);
        instances.peers.stream().limit(4).forEach(peer -> peer.exclusion = Reason.UNHEALTHY);
        instances.touch();
        assertThat(share(instances, 4, 8)).isEqualTo(1);
    }

    private static Instances versions(RoutingPolicy rules) {
        return new Instances(BalancePolicy.DEFAULT, rules, Locality.ANYWHERE, 3)
                .add(4, i -> i)
                .add(2, i -> i.withMetadata(Map.of("track", "canary")));
    }

    private static Destination track(String track, int weight) {
        return new Destination("", Map.of("track", track), weight);
    }

    private static Rule rule(Match when, Destination... to) {
        return new Rule(when, List.of(to), Optional.empty());
    }

    @Test
    void aSplitSendsAsMuchAsItSaysAndCanBeChangedWhileRunning() {
        var stable = new Destination("1.0", Map.of(), 95);
        var instances = versions(new RoutingPolicy(List.of(rule(Match.DEFAULT, stable, track("canary", 5)))));
        // The stable destination is by version here, so it has the two of the canary as well.
        double canary = share(instances, 4, 6);
        assertThat(canary).isBetween(0.05 + 0.95 / 3 - 0.03, 0.05 + 0.95 / 3 + 0.03);
        instances.fleet.reconfigure(
                BalancePolicy.DEFAULT, new RoutingPolicy(List.of(rule(Match.DEFAULT, track("canary", 1)))));
        assertThat(share(instances, 4, 6)).isEqualTo(1);
        instances.fleet.reconfigure(BalancePolicy.DEFAULT, RoutingPolicy.DEFAULT);
        assertThat(share(instances, 4, 6)).isBetween(0.3, 0.37);
    }

    @Test
    void rulesGoByHeaderOperationAndCallerAndTheFirstDecides() {
        var headers = new Match("", "", Map.of("X-Canary", "yes"));
        var operation = new Match("place", "", Map.of());
        var nobody = new Match("", "nobody", Map.of());
        var instances = versions(new RoutingPolicy(List.of(
                rule(nobody, track("none", 1)), rule(headers, track("canary", 1)), rule(operation, track("none", 1)))));
        for (int i = 0; i < 50; i++) {
            Peer peer = instances.pick(instances.call("place", Map.of("x-canary", "yes")));
            assertThat(instances.peers.indexOf(peer)).isGreaterThanOrEqualTo(4);
        }
        Call place = instances.call("place", Map.of());
        assertThat(instances.pick(place)).isNull();
        assertThat(instances.fleet.candidates(place, 0).exclusions())
                .hasSize(6)
                .allMatch(e -> e.reason() == Reason.NOT_ROUTED);
        assertThat(instances.pick(instances.call("get", Map.of()))).isNotNull();
    }

    @Test
    void aDestinationThatTakesNoCallsIsPassedOverForTheOthers() {
        var instances = versions(new RoutingPolicy(
                List.of(rule(Match.DEFAULT, new Destination("1.0.0", Map.of(), 50), track("canary", 50)))));
        instances.peers.stream().skip(4).forEach(peer -> peer.exclusion = Reason.DRAINING);
        instances.touch();
        assertThat(share(instances, 0, 4)).isEqualTo(1);
    }

    @Test
    void aSnapshotStaysAsLongAsNothingChanges() {
        var instances = Instances.of(20, BalancePolicy.DEFAULT, 4);
        Candidates before = instances.fleet.all(instances.time.nanoTime());
        for (int i = 0; i < 30; i++) {
            instances.make(instances.call(), Duration.ofMillis(100), true);
        }
        assertThat(instances.fleet.all(instances.time.nanoTime())).isSameAs(before);
        instances.peers.getFirst().exclusion = Reason.DRAINING;
        instances.touch();
        assertThat(instances.fleet.all(instances.time.nanoTime())).isNotSameAs(before);
    }

    @Test
    void versionsMatchByTheirBeginning() {
        var instance =
                Instances.of(1, BalancePolicy.DEFAULT, 1).peers.getFirst().instance();
        assertThat(instance.version()).isEqualTo(new Version(1, 0, 0));
        assertThat(List.of("", "1", "1.0", "1.0.0"))
                .allMatch(version -> new Destination(version, Map.of(), 1).test(instance));
        assertThat(List.of("2", "1.1", "1.0.1", "10"))
                .noneMatch(version -> new Destination(version, Map.of(), 1).test(instance));
    }

    @Test
    void aShareOfIdempotentCallsIsMirrored() {
        var mirror = new Mirror(track("canary", 1), 0.1);
        var instances = versions(new RoutingPolicy(List.of(new Rule(Match.DEFAULT, List.of(), Optional.of(mirror)))));
        var unknown = Operation.unknown("op");
        var idempotent = new Operation("op", "", true, unknown.request(), unknown.response(), unknown.signature());
        int copies = 0;
        for (int i = 0; i < 5_000; i++) {
            Call call = instances.call();
            assertThat(instances.fleet.mirror(call, 0)).isNull();
            var repeatable = new Call(call.service(), idempotent, call.arguments(), call.context());
            Candidates copied = instances.fleet.mirror(repeatable, 0);
            copies += copied == null ? 0 : 1;
            assertThat(copied == null || copied.size() == 2).isTrue();
        }
        assertThat(copies).isBetween(400, 600);
    }

    @Test
    void whatIsKnownOfAnInstanceSurvivesNewsAndNewPolicies() {
        var instances = roundRobin(6);
        drive(instances, 2_500, peer -> instances.peers.indexOf(peer) == 2);
        assertThat(exclusions(instances)).hasSize(1);
        instances.peers.get(2).instance = instances.peers.get(2).instance.withWeight(50);
        instances.fleet.members(() -> instances.peers);
        instances.fleet.reconfigure(BalancePolicy.DEFAULT, RoutingPolicy.DEFAULT);
        assertThat(exclusions(instances)).hasSize(1);
        assertThat(instances.peers.get(2).load.failures()).isPositive();
    }

    @Test
    void aSubsetIsAllThatIsCalledAndTheRestHasAReason() {
        var instances =
                new Instances(BalancePolicy.DEFAULT.subset(10), RoutingPolicy.DEFAULT, new Locality("", "", 3, 20), 3);
        instances.add(100, i -> i);
        long called = Arrays.stream(instances.picks(5_000)).filter(n -> n > 0).count();
        assertThat(called).isBetween(10L, 11L);
        assertThat(exclusions(instances))
                .hasSize((int) (100 - called))
                .allMatch(e -> e.reason() == Reason.NOT_IN_SUBSET);
    }

    @Test
    void manyThreadsMayPickWhileInstancesComeAndGo() throws InterruptedException {
        var instances = Instances.of(20, BalancePolicy.DEFAULT, 3);
        var threads = IntStream.range(0, 3)
                .mapToObj(n -> Thread.ofPlatform().unstarted(() -> {
                    for (int i = 0; i < 20_000; i++) {
                        Peer peer = instances.pick(instances.call());
                        instances.begin(peer);
                        instances.end(peer, MILLI, true);
                    }
                }))
                .toList();
        var failures = new ConcurrentLinkedQueue<Throwable>();
        threads.forEach(thread -> thread.setUncaughtExceptionHandler((_, e) -> failures.add(e)));
        threads.forEach(Thread::start);
        List<Peer> everyone = List.copyOf(instances.peers);
        for (int i = 0; i < 2_000; i++) {
            List<Peer> some = everyone.subList(i % 10, 10 + i % 10);
            instances.fleet.members(() -> some);
            instances.touch();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(everyone).allMatch(peer -> peer.load.inFlight() == 0);
        assertThat(everyone.stream().mapToLong(peer -> peer.load.ended()).sum()).isEqualTo(60_000);
    }
}
