package dev.treaty.balance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.balance.Instances.Peer;
import dev.treaty.balance.LocalityPolicy.Nearness;
import dev.treaty.balance.RoutingPolicy.Destination;
import dev.treaty.balance.RoutingPolicy.Match;
import dev.treaty.balance.RoutingPolicy.Mirror;
import dev.treaty.balance.RoutingPolicy.Rule;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Exclusion;
import dev.treaty.core.call.Exclusion.Reason;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Headers;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.Version;
import dev.treaty.core.event.Event;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BalancedInstancesTest {
    private static final Duration MILLI = Duration.ofMillis(1);

    /** Makes calls, of which those to some instances fail; returns the number of calls of each instance. */
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
        return instances.balanced.all(instances.time.nanoTime()).exclusions();
    }

    private static Instances roundRobin(int count) {
        return Instances.of(count, BalancePolicy.DEFAULT.policy(LoadBalancingPolicy.ROUND_ROBIN), 11);
    }

    @Test
    void an_instance_that_fails_more_often_is_ejected_then_probed_then_warmed_up() {
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

        // It has recovered: after its ejection it gets probes, one at a time, then a growing share.
        int[] probes = drive(instances, 5_000, _ -> false);
        assertThat(probes[2]).isPositive();
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
    void an_instance_that_fails_its_probe_is_ejected_for_longer_each_time() {
        var instances = roundRobin(5);
        Peer bad = instances.peers.get(4);
        int calls = 60_000;
        int[] got = drive(instances, calls, peer -> peer == bad);
        // A minute: at most the calls until it is ejected, and one for each of a few probes.
        assertThat(got[4]).isLessThan(calls / 100);
        long ejections = instances.events.stream()
                .filter(e -> e instanceof Event.EjectionChanged)
                .count();
        assertThat(ejections).isBetween(3L, 6L);
    }

    @Test
    void disabling_ejection_ends_ejections_at_once() {
        var instances = roundRobin(5);
        Peer bad = instances.peers.get(4);
        drive(instances, 2_500, peer -> peer == bad);
        assertThat(exclusions(instances)).hasSize(1);
        var off = BalancePolicy.DEFAULT
                .policy(LoadBalancingPolicy.ROUND_ROBIN)
                .ejection(EjectionPolicy.DEFAULT.enabled(false));
        instances.balanced.reconfigure(BalanceSetup.of(off, RoutingPolicy.DEFAULT));
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
        // Failures in the meantime do not count later.
        instances.balanced.reconfigure(
                BalanceSetup.of(BalancePolicy.DEFAULT.policy(LoadBalancingPolicy.ROUND_ROBIN), RoutingPolicy.DEFAULT));
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
    void a_call_that_began_before_a_probe_does_not_fail_the_probe() {
        var instances = roundRobin(5);
        Peer bad = instances.peers.get(4);
        instances.begin(bad); // a long call
        drive(instances, 2_500, peer -> peer == bad);
        assertThat(exclusions(instances)).hasSize(1);
        drive(instances, 8_000, _ -> false); // the ejection time is over
        instances.end(bad, Duration.ofSeconds(10), false);
        drive(instances, 5_000, _ -> false);
        assertThat(ejections(instances))
                .extracting(Event.EjectionChanged::reason)
                .last()
                .isEqualTo("it answered 3 probe calls");
        assertThat(ejections(instances)).hasSize(2);
    }

    @Test
    void failures_before_there_were_enough_instances_to_compare_do_not_count_later() {
        var instances = roundRobin(2);
        Peer once = instances.peers.getFirst();
        drive(instances, 5_000, peer -> peer == once);
        drive(instances, 2_500, _ -> false);
        instances.addNew("third");
        drive(instances, 20_000, _ -> false);
        assertThat(ejections(instances)).isEmpty();
    }

    @Test
    void few_calls_are_accumulated_for_a_limited_time() {
        var instances = roundRobin(5);
        Peer bad = instances.peers.get(2);
        // One call per second and instance: they are compared when there are enough.
        slowly(instances, 150, bad);
        assertThat(exclusions(instances)).extracting(Exclusion::instance).containsExactly(bad.id());

        var later = roundRobin(5);
        Peer once = later.peers.get(2);
        slowly(later, 75, once); // too few to compare
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
    void an_instance_that_is_slower_than_the_others_is_ejected() {
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

    /** At every point of a comparison interval: some instances then have more than half slow calls, others less. */
    @Property(generation = GenerationMode.EXHAUSTIVE)
    void no_instance_is_ejected_if_all_become_slower(
            @ForAll @IntRange(min = 2_000, max = 3_100) int before, @ForAll boolean even) {
        var instances = even ? roundRobin(6) : Instances.of(6, BalancePolicy.DEFAULT, before);
        for (int i = 0; i < before + 2_000; i++) {
            Peer peer = instances.pick(instances.call());
            instances.begin(peer);
            instances.time.advance(MILLI);
            instances.end(peer, Duration.ofMillis(i < before ? 12 : 300), true);
        }
        assertThat(ejections(instances)).isEmpty();
    }

    @Test
    void no_instance_is_ejected_if_all_fail_alike() {
        var instances = roundRobin(6);
        var random = new Random(9);
        drive(instances, 6_000, _ -> random.nextInt(10) < 5);
        assertThat(exclusions(instances)).isEmpty();
    }

    @Property(tries = 20)
    void a_majority_of_dead_instances_is_ejected_up_to_the_maximum_ratio_B6(
            @ForAll @IntRange(min = 3, max = 12) int count, @ForAll @IntRange(max = 3) int moreWork) {
        var instances = roundRobin(count);
        int working = Math.min(count / 2, 1 + moreWork);
        drive(instances, 2_500, peer -> instances.peers.indexOf(peer) >= working);
        int ejected = Math.min(count - working, (count + 1) / 2);
        assertThat(exclusions(instances))
                .hasSize(ejected)
                .allMatch(exclusion -> exclusion.reason() == Reason.EJECTED || exclusion.reason() == Reason.ON_TRIAL);
    }

    @Test
    void two_dead_of_three_instances_get_no_calls_B6() {
        var instances = roundRobin(3);
        drive(instances, 1_500, peer -> peer != instances.peers.get(1));
        int[] got = drive(instances, 400, peer -> peer != instances.peers.get(1));
        assertThat(got[0] + got[2]).isLessThanOrEqualTo(2); // probes
    }

    @Test
    void a_failing_third_is_ejected_although_none_deviates_enough_from_the_mean() {
        var instances = roundRobin(9);
        drive(instances, 3_000, peer -> instances.peers.indexOf(peer) < 3);
        assertThat(exclusions(instances)).extracting(Exclusion::instance).containsExactly("i00000", "i00001", "i00002");
    }

    @Property(tries = 50)
    void never_more_than_the_maximum_ratio_is_ejected(
            @ForAll @IntRange(min = 1, max = 12) int count,
            @ForAll @IntRange(min = 0, max = 100) int percent,
            @ForAll long seed) {
        var policy =
                BalancePolicy.DEFAULT.policy(LoadBalancingPolicy.ROUND_ROBIN).unhealthyRatioMax(percent / 100.0);
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
            Candidates<Peer> all = instances.balanced.all(instances.time.nanoTime());
            long unhealthy = all.exclusions().stream()
                    .filter(e -> InstanceState.unhealthy(e.reason()) && e.reason() != Reason.ON_TRIAL)
                    .count();
            long ejected = all.exclusions().stream()
                    .filter(e -> e.reason() == Reason.EJECTED)
                    .count();
            int allowed = policy.unhealthyMax(count);
            assertThat(ejected).isLessThanOrEqualTo(allowed);
            if (unhealthy > allowed) {
                assertThat(all.panic()).isTrue();
                assertThat(all.eligible()).isEqualTo(count);
            }
            assertThat(count - all.eligible()).isLessThanOrEqualTo(allowed);
        }
    }

    @Test
    void one_of_many_threads_rebuilds_the_candidates_after_a_change() throws Exception {
        var instances = Instances.of(2_000, BalancePolicy.DEFAULT, 3);
        long now = instances.time.nanoTime();
        Candidates<Peer> before = instances.balanced.all(now);
        instances.peers.getFirst().exclusion = Reason.BREAKER_OPEN;
        instances.touch();
        var seen = ConcurrentHashMap.<Candidates<Peer>>newKeySet();
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                threads.execute(() -> IntStream.range(0, 200).forEach(_ -> seen.add(instances.balanced.all(now))));
            }
        }
        seen.remove(before);
        assertThat(seen).hasSize(1);
    }

    @Test
    void in_a_panic_all_instances_get_calls_and_an_event_is_emitted() {
        var instances = Instances.of(10, BalancePolicy.DEFAULT, 3);
        instances.peers.stream().limit(5).forEach(peer -> peer.exclusion = Reason.BREAKER_OPEN);
        instances.touch();
        assertThat(Arrays.stream(instances.picks(1_000)).limit(5)).containsOnly(0);
        assertThat(instances.balanced.all(instances.time.nanoTime()).panic()).isFalse();

        instances.peers.forEach(peer -> peer.exclusion = Reason.BREAKER_OPEN);
        instances.touch();
        assertThat(instances.picks(1_000)).doesNotContain(0);
        assertThat(instances.balanced.all(instances.time.nanoTime()).panic()).isTrue();
        assertThat(instances.events).contains(new Event.PanicChanged(Instances.SERVICE, true, 10, 10));

        instances.peers.stream().skip(1).forEach(peer -> peer.exclusion = Reason.DRAINING);
        instances.peers.getFirst().exclusion = null;
        instances.touch();
        assertThat(instances.pick(instances.call())).isSameAs(instances.peers.getFirst());
        assertThat(instances.events).contains(new Event.PanicChanged(Instances.SERVICE, false, 0, 10));
    }

    @Property(tries = 60)
    void instances_that_have_ended_get_no_calls_while_others_accept_B7(
            @ForAll LoadBalancingPolicy policy,
            @ForAll @IntRange(min = 1, max = 20) int gone,
            @ForAll @IntRange(min = 1, max = 5) int living) {
        var instances = Instances.of(gone + living, BalancePolicy.DEFAULT.policy(policy), gone);
        instances.peers.stream().limit(gone).forEach(peer -> {
            peer.exclusion = Reason.BREAKER_OPEN;
            peer.gone = true;
        });
        instances.touch();
        assertThat(Arrays.stream(instances.picks(400)).limit(gone)).containsOnly(0);
        assertThat(instances.balanced.all(instances.time.nanoTime()).panic()).isFalse();

        // In a panic, too, the others come first.
        instances.peers.stream().skip(gone).forEach(peer -> peer.exclusion = Reason.BREAKER_OPEN);
        instances.touch();
        int[] picks = instances.picks(400);
        assertThat(Arrays.stream(picks).limit(gone)).containsOnly(0);
        assertThat(Arrays.stream(picks).sum()).isEqualTo(living == 1 ? 0 : 400);

        // If all have ended, all get calls: one may have been started again.
        instances.peers.forEach(peer -> peer.gone = true);
        instances.touch();
        assertThat(Arrays.stream(instances.picks(4_000)).sum()).isEqualTo(gone + living == 1 ? 0 : 4_000);
    }

    @Test
    void a_retry_is_no_probe_while_a_healthy_instance_has_not_been_tried_B7() {
        var instances = Instances.of(6, BalancePolicy.DEFAULT.unhealthyRatioMax(1), 3);
        instances.peers.stream().limit(5).forEach(peer -> peer.exclusion = Reason.BREAKER_OPEN);
        instances.touch();
        instances.pick(instances.call());
        instances.peers.forEach(peer -> peer.exclusion = null); // their open time is over, the snapshot is older
        for (int i = 0; i < 200; i++) {
            var call = instances.call();
            call.context().record().attempted("i00000", 1, Fault.of(Code.UNAVAILABLE, "failed"));
            assertThat(instances.pick(call).id()).isEqualTo("i00005");
        }
    }

    @Test
    void a_single_unhealthy_instance_is_excluded() {
        var instances = Instances.of(1, BalancePolicy.DEFAULT, 3);
        instances.peers.getFirst().exclusion = Reason.BREAKER_OPEN;
        instances.touch();
        assertThat(instances.pick(instances.call())).isNull();
    }

    @Test
    void a_new_instance_gets_a_growing_share() {
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
    void a_slow_cold_instance_gets_its_initial_share() {
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
    void no_instance_is_cold_if_all_have_just_started() {
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
    void the_own_zone_comes_first_and_spills_over_gradually() {
        var instances = zones(10, 10, 10, LocalityPolicy.DEFAULT);
        assertThat(share(instances, 0, 10)).isEqualTo(1);
        assertThat(exclusions(instances)).hasSize(20).allMatch(e -> e.reason() == Reason.WRONG_ZONE);
        var spill = new double[] {1, 1, 0.98, 0.84, 0.7, 0.56, 0.42, 0.28, 0.14, 0};
        for (int unhealthy = 2; unhealthy <= 10; unhealthy++) {
            instances.peers.stream().limit(unhealthy).forEach(peer -> peer.exclusion = Reason.UNHEALTHY);
            instances.touch();
            double expected = unhealthy == 2 ? 1 : spill[unhealthy - 1];
            assertThat(share(instances, 0, 10)).isBetween(expected - 0.02, expected + 0.02);
            assertThat(share(instances, 10, 20)).isBetween(1 - expected - 0.02, 1 - expected + 0.02);
        }
        instances.peers.stream().limit(20).forEach(peer -> peer.exclusion = Reason.UNHEALTHY);
        instances.touch();
        assertThat(share(instances, 20, 30)).isEqualTo(1);
    }

    @Test
    void a_zone_that_is_too_small_is_merged_into_its_region_and_locality_can_be_disabled() {
        assertThat(share(zones(1, 3, 4, LocalityPolicy.DEFAULT), 0, 4)).isEqualTo(1);
        assertThat(share(zones(1, 3, 4, LocalityPolicy.DEFAULT), 0, 1)).isBetween(0.22, 0.28);
        assertThat(share(zones(4, 4, 4, new LocalityPolicy(Nearness.NONE, 1.4, 2)), 0, 4))
                .isBetween(0.3, 0.37);
        assertThat(share(zones(4, 4, 4, new LocalityPolicy(Nearness.REGION, 1.4, 2)), 0, 4))
                .isBetween(0.47, 0.53);
    }

    @Test
    void locality_works_without_ejection() {
        var instances = zones(4, 4, 0, LocalityPolicy.DEFAULT);
        instances.balanced.reconfigure(BalanceSetup.of(
                BalancePolicy.DEFAULT.ejection(EjectionPolicy.DEFAULT.enabled(false)), RoutingPolicy.DEFAULT));
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
    void a_split_follows_its_weights_and_can_be_changed_while_running() {
        var stable = new Destination("1.0", Map.of(), 95);
        var instances = versions(new RoutingPolicy(List.of(rule(Match.DEFAULT, stable, track("canary", 5)))));
        // The stable destination matches the version, so it includes the two canary instances.
        double canary = share(instances, 4, 6);
        assertThat(canary).isBetween(0.05 + 0.95 / 3 - 0.03, 0.05 + 0.95 / 3 + 0.03);
        instances.balanced.reconfigure(BalanceSetup.of(
                BalancePolicy.DEFAULT, new RoutingPolicy(List.of(rule(Match.DEFAULT, track("canary", 1))))));
        assertThat(share(instances, 4, 6)).isEqualTo(1);
        instances.balanced.reconfigure(BalanceSetup.of(BalancePolicy.DEFAULT, RoutingPolicy.DEFAULT));
        assertThat(share(instances, 4, 6)).isBetween(0.3, 0.37);
    }

    @Test
    void rules_match_header_operation_and_caller_and_the_first_match_decides() {
        var headers = new Match("", "", Map.of("X-Canary", "yes"));
        var operation = new Match("place", "", Map.of());
        var otherCaller = new Match("", "other", Map.of());
        var instances = versions(new RoutingPolicy(List.of(
                rule(otherCaller, track("none", 1)),
                rule(headers, track("canary", 1)),
                rule(operation, track("none", 1)))));
        for (int i = 0; i < 50; i++) {
            Peer peer = instances.pick(instances.call("place", Headers.of("x-canary", "yes")));
            assertThat(instances.peers.indexOf(peer)).isGreaterThanOrEqualTo(4);
        }
        Call place = instances.call("place", Headers.NONE);
        assertThat(instances.pick(place)).isNull();
        assertThat(instances.balanced.select(place, 0).candidates().exclusions())
                .hasSize(6)
                .allMatch(e -> e.reason() == Reason.NOT_ROUTED);
        assertThat(instances.pick(instances.call("get", Headers.NONE))).isNotNull();
    }

    @Test
    void a_destination_without_available_instances_is_skipped() {
        var instances = versions(new RoutingPolicy(
                List.of(rule(Match.DEFAULT, new Destination("1.0.0", Map.of(), 50), track("canary", 50)))));
        instances.peers.stream().skip(4).forEach(peer -> peer.exclusion = Reason.DRAINING);
        instances.touch();
        assertThat(share(instances, 0, 4)).isEqualTo(1);
    }

    @Test
    void a_snapshot_stays_until_something_changes() {
        var instances = Instances.of(20, BalancePolicy.DEFAULT, 4);
        Candidates<Peer> before = instances.balanced.all(instances.time.nanoTime());
        for (int i = 0; i < 30; i++) {
            instances.make(instances.call(), Duration.ofMillis(100), true);
        }
        assertThat(instances.balanced.all(instances.time.nanoTime())).isSameAs(before);
        instances.peers.getFirst().exclusion = Reason.DRAINING;
        instances.touch();
        assertThat(instances.balanced.all(instances.time.nanoTime())).isNotSameAs(before);
    }

    @Test
    void destinations_match_version_prefixes() {
        var instance =
                Instances.of(1, BalancePolicy.DEFAULT, 1).peers.getFirst().instance();
        assertThat(instance.version()).isEqualTo(new Version(1, 0, 0));
        assertThat(List.of("", "1", "1.0", "1.0.0"))
                .allMatch(version -> new Destination(version, Map.of(), 1).test(instance));
        assertThat(List.of("2", "1.1", "1.0.1", "10"))
                .noneMatch(version -> new Destination(version, Map.of(), 1).test(instance));
    }

    @Test
    void a_share_of_idempotent_calls_is_mirrored() {
        var mirror = new Mirror(track("canary", 1), 0.1);
        var instances = versions(new RoutingPolicy(List.of(new Rule(Match.DEFAULT, List.of(), Optional.of(mirror)))));
        var unknown = Operation.unknown("op");
        var idempotent = new Operation("op", "", true, unknown.request(), unknown.response(), unknown.signature());
        int copies = 0;
        for (int i = 0; i < 5_000; i++) {
            Call call = instances.call();
            assertThat(mirror(instances, call)).isNull();
            var repeatable = new Call(call.service(), idempotent, call.arguments(), call.context());
            Candidates<Peer> copied = mirror(instances, repeatable);
            copies += copied == null ? 0 : 1;
            assertThat(copied == null || copied.size() == 2).isTrue();
        }
        assertThat(copies).isBetween(400, 600);
    }

    private static @Nullable Candidates<Peer> mirror(Instances instances, Call call) {
        return instances.balanced.select(call, 0).mirrorFor(call, instances.random);
    }

    @Test
    void the_state_of_an_instance_survives_updates_and_new_policies() {
        var instances = roundRobin(6);
        drive(instances, 2_500, peer -> instances.peers.indexOf(peer) == 2);
        assertThat(exclusions(instances)).hasSize(1);
        instances.peers.get(2).instance = instances.peers.get(2).instance.withWeight(50);
        instances.balanced.members(() -> instances.peers);
        instances.balanced.reconfigure(BalanceSetup.of(BalancePolicy.DEFAULT, RoutingPolicy.DEFAULT));
        assertThat(exclusions(instances)).hasSize(1);
        assertThat(instances.peers.get(2).load.failures()).isPositive();
    }

    @Test
    void only_the_subset_is_called_and_all_others_are_listed_as_exclusions() {
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
    void threads_can_pick_while_instances_are_added_and_removed() throws InterruptedException {
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
            instances.balanced.members(() -> some);
            instances.touch();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(everyone).allMatch(peer -> peer.load.inFlight() == 0);
        assertThat(everyone.stream().mapToLong(peer -> peer.load.ended()).sum()).isEqualTo(60_000);
    }

    @Test
    void a_call_selects_by_the_setup_that_it_began_with_from_the_present_instances() {
        var canary = BalanceSetup.of(
                BalancePolicy.DEFAULT, new RoutingPolicy(List.of(rule(Match.DEFAULT, track("canary", 1)))));
        var all = BalanceSetup.of(BalancePolicy.DEFAULT, RoutingPolicy.DEFAULT);
        var instances = versions(RoutingPolicy.DEFAULT);
        instances.balanced.reconfigure(canary);
        long now = instances.time.nanoTime();
        assertThat(instances
                        .balanced
                        .select(instances.call(), now, canary)
                        .candidates()
                        .size())
                .isEqualTo(2);
        instances.balanced.reconfigure(all);
        var earlier = instances.balanced.select(instances.call(), now, canary).candidates();
        assertThat(earlier.size()).isEqualTo(2);
        assertThat(instances.balanced.select(instances.call(), now, canary).candidates())
                .as("made once until something changes")
                .isSameAs(earlier);
        assertThat(instances
                        .balanced
                        .select(instances.call(), now, all)
                        .candidates()
                        .size())
                .isEqualTo(6);
        instances.peers.getLast().exclusion = Reason.DRAINING;
        instances.touch();
        assertThat(instances
                        .balanced
                        .select(instances.call(), now, canary)
                        .candidates()
                        .eligible())
                .isEqualTo(1);
    }
}
