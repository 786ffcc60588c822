package dev.treaty.registry.server;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static dev.treaty.registry.Instances.STOCK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.Instances;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RegistryTableTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final Duration LEASE = Duration.ofSeconds(10);
    private static final String MINE = "my-token";
    private static final String YOURS = "your-token";

    /** Close to the overflow of the monotonic clock. */
    private static final long START = Long.MAX_VALUE - 3 * SECOND;

    private final RegistryTable table = table(3);
    private long checkedNanos = START;

    private static RegistryTable table(int instances) {
        var limits =
                new RegistryLimits(instances, 100, 2, 1, 100, Duration.ofSeconds(1), Duration.ofMinutes(1), 1 << 30);
        return new RegistryTable(
                limits, new SelfPreservationPolicy(1, Duration.ofMinutes(1), Optional.empty()), new Random(1));
    }

    private Duration register(String id, String token, Duration lease, long atNanos) {
        return table.register(Instances.of(ORDERS, id), token, lease, atNanos, STARTED);
    }

    /** Checks the leases every second until a time, as a registry does. */
    private long expire(long atNanos) {
        while (atNanos - checkedNanos > SECOND) {
            checkedNanos += SECOND;
            table.expire(checkedNanos, STARTED);
        }
        checkedNanos = atNanos;
        return table.expire(atNanos, STARTED);
    }

    private static void refused(Code code, String message, ThrowingCallable what) {
        assertThatThrownBy(what).isInstanceOfSatisfying(ServiceException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.fault().message()).contains(message);
        });
    }

    @Test
    void a_lease_expires_at_its_end_and_not_earlier() {
        register("a", MINE, LEASE, START);

        assertThat(expire(START + 10 * SECOND - 1)).isEqualTo(1);
        assertThat(table.changes().instances(ORDERS)).hasSize(1);
        assertThat(expire(START + 10 * SECOND)).isEqualTo(Long.MAX_VALUE);
        assertThat(table.changes().instances(ORDERS)).isEmpty();
    }

    @Test
    void leases_expire_in_the_order_of_their_ends() {
        register("a", MINE, Duration.ofSeconds(9), START);
        register("b", MINE, Duration.ofSeconds(7), START + SECOND);
        register("c", MINE, Duration.ofSeconds(3), START + 2 * SECOND);
        expire(START + 4 * SECOND);
        table.renew("c", Registrant.of(MINE), START + 4 * SECOND + SECOND / 2, STARTED);
        long seen = table.changes().revision();

        assertThat(expire(START + 5 * SECOND)).isEqualTo(2 * SECOND + SECOND / 2);
        expire(START + 60 * SECOND);

        var removed = table.changes().read(Map.of(ORDERS, seen)).changes();
        assertThat(removed).extracting(c -> c.event().instance().id()).containsExactly("c", "b", "a");
        assertThat(removed)
                .allMatch(c -> c.event() instanceof Removed r && r.reason().equals("lease expired"));
    }

    @Test
    void the_clock_may_overflow_between_two_ends() {
        register("after", MINE, LEASE, START);
        register("before", MINE, Duration.ofSeconds(2), START);

        assertThat(expire(START)).isEqualTo(2 * SECOND);
        expire(START + 5 * SECOND);
        assertThat(table.changes().instances(ORDERS)).containsExactly(Instances.of(ORDERS, "after"));
    }

    @Test
    void renewing_restarts_a_lease() {
        register("a", MINE, LEASE, START);

        assertThat(table.renew("a", Registrant.of(MINE), START + 9 * SECOND, STARTED))
                .isTrue();
        assertThat(expire(START + 10 * SECOND)).isEqualTo(9 * SECOND);
        assertThat(table.renew("a", Registrant.of(YOURS), START + 15 * SECOND, STARTED))
                .isFalse();
        assertThat(table.renew("b", Registrant.of(MINE), START + 15 * SECOND, STARTED))
                .isFalse();
        expire(START + 19 * SECOND);
        assertThat(table.renew("a", Registrant.of(MINE), START + 19 * SECOND, STARTED))
                .isFalse();
    }

    @Test
    void a_lease_without_length_never_expires() {
        register("a", MINE, Duration.ZERO, START);

        assertThat(expire(START + Duration.ofHours(1).toNanos())).isEqualTo(Long.MAX_VALUE);
        assertThat(table.changes().instances(ORDERS)).hasSize(1);
    }

    @Test
    void leases_are_granted_within_limits() {
        assertThat(register("a", MINE, Duration.ofMillis(1), START)).isEqualTo(Duration.ofSeconds(1));
        assertThat(register("a", MINE, LEASE, START)).isEqualTo(LEASE);
        assertThat(register("a", MINE, Duration.ofDays(9), START)).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void registering_again_with_the_same_token_replaces_the_instance() {
        register("a", MINE, LEASE, START);
        table.register(Instances.of(ORDERS, "a", Status.WARNING), MINE, LEASE, START + 5 * SECOND, STARTED);

        assertThat(expire(START + 10 * SECOND)).isEqualTo(5 * SECOND);
        assertThat(table.changes().instances(ORDERS)).containsExactly(Instances.of(ORDERS, "a", Status.WARNING));
        refused(
                Code.INVALID_ARGUMENT,
                "is registered as shop.Orders",
                () -> table.register(Instances.of(STOCK, "a"), MINE, LEASE, START, STARTED));
    }

    @Test
    void only_the_token_allows_changes_of_an_instance() {
        register("a", MINE, LEASE, START);
        var critical = ServiceHealth.of(Status.CRITICAL, STARTED);

        refused(Code.ALREADY_EXISTS, "instance a", () -> register("a", YOURS, LEASE, START));
        refused(Code.PERMISSION_DENIED, "another token", () -> table.report("a", YOURS, critical, START, STARTED));
        refused(Code.PERMISSION_DENIED, "another token", () -> table.remove("a", YOURS, STARTED));
        assertThat(table.changes().instances(ORDERS)).containsExactly(Instances.of(ORDERS, "a"));

        table.report("a", MINE, critical, START, STARTED);
        assertThat(table.changes().instances(ORDERS)).containsExactly(Instances.of(ORDERS, "a", Status.CRITICAL));
        table.remove("a", MINE, STARTED);
        table.remove("a", YOURS, STARTED);
        refused(Code.NOT_FOUND, "register it again", () -> table.report("a", MINE, critical, START, STARTED));
        assertThat(register("a", YOURS, LEASE, START)).isEqualTo(LEASE);
    }

    @Test
    void tokens_of_wrong_length_are_refused() {
        refused(Code.INVALID_ARGUMENT, "8 to 256", () -> register("a", "1234567", LEASE, START));
        refused(Code.INVALID_ARGUMENT, "8 to 256", () -> register("a", "1".repeat(257), LEASE, START));
        assertThat(table.changes().instances(ORDERS)).isEmpty();
    }

    @Test
    void a_full_table_refuses_only_new_instances() {
        register("a", MINE, LEASE, START);
        register("b", MINE, LEASE, START);
        register("c", MINE, LEASE, START);

        refused(Code.RESOURCE_EXHAUSTED, "holds 3 instances", () -> register("d", MINE, LEASE, START));
        register("c", MINE, LEASE, START + SECOND);
        table.remove("a", MINE, STARTED);
        register("d", MINE, LEASE, START);
    }

    @Test
    void every_start_has_its_own_epoch() {
        var random = new Random(7);
        var limits = RegistryLimits.STANDARD;

        assertThat(new RegistryTable(limits, random).epoch()).isNotEqualTo(new RegistryTable(limits, random).epoch());
    }

    private static RegistryTable preserving(int instances, int services) {
        var limits = new RegistryLimits(1_000, 100, 2, 1, 4_096, Duration.ofSeconds(1), Duration.ofMinutes(1), 1 << 30);
        var table = new RegistryTable(limits, SelfPreservationPolicy.STANDARD, new Random(1));
        for (int i = 0; i < instances; i++) {
            var service = new ServiceName("s" + i % services);
            table.register(Instances.of(service, "i" + i), MINE, LEASE, START, STARTED);
        }
        return table;
    }

    private static void pass(RegistryTable table, int fromSecond, int toSecond) {
        for (int second = fromSecond; second <= toSecond; second++) {
            table.expire(START + second * SECOND, STARTED);
        }
    }

    @Test
    void mass_expiry_is_limited() {
        var table = preserving(100, 1);
        var service = new ServiceName("s0");
        pass(table, 1, 12);

        assertThat(table.changes().instances(service)).as("15 % are removed").hasSize(85);
        assertThat(table.overview(0, START + 12 * SECOND).stale()).isEqualTo(85);
        assertThat(table.overview(0, START + 12 * SECOND).expired()).isEqualTo(15);
        assertThat(table.changes().instances(service)).allSatisfy(stale -> {
            assertThat(stale.health().status()).isEqualTo(Status.UNKNOWN);
            assertThat(stale.health().message()).contains("its lease has expired", "many expired at once");
            assertThat(stale.health().details()).containsKey(RegistryTable.STALE);
        });

        pass(table, 13, 69);
        assertThat(table.changes().instances(service))
                .as("within the same window")
                .hasSize(85);
        pass(table, 70, 71);
        assertThat(table.changes().instances(service))
                .as("a minute later, 15 % of 85")
                .hasSize(73);
    }

    /** Kills instances every few seconds and registers a replacement for each; the others renew their leases. */
    @Test
    void replaced_instances_are_gone_after_their_lease_however_many_there_are_B7() {
        var table = preserving(3, 1);
        var service = new ServiceName("s0");
        var living = new ArrayDeque<>(List.of("i0", "i1", "i2"));
        var diedAt = new HashMap<String, Integer>();
        for (int second = 1; second <= 120; second++) {
            long now = START + second * SECOND;
            if (second % 5 == 0) { // in the second minute all of them at once
                int killed = second < 60 ? 1 : second % 10 == 0 ? 3 : 0;
                for (int i = 0; i < killed; i++) {
                    diedAt.put(living.removeFirst(), second);
                    living.addLast("r" + second + i);
                    table.register(Instances.of(service, living.getLast()), MINE, LEASE, now, STARTED);
                }
            }
            if (second % 3 == 0) {
                living.forEach(id -> table.renew(id, Registrant.of(MINE), now, STARTED));
            }
            table.expire(now, STARTED);
            int at = second;
            assertThat(table.changes().instances(service))
                    .allSatisfy(listed -> assertThat(at - diedAt.getOrDefault(listed.id(), at))
                            .as(listed.id())
                            .isLessThanOrEqualTo(10));
        }
    }

    @Test
    void a_late_replacement_removes_a_stale_instance_B7() {
        var table = preserving(3, 1);
        var service = new ServiceName("s0");
        pass(table, 1, 12);
        assertThat(table.changes().instances(service)).as("one may go").hasSize(2);
        table.register(Instances.of(service, "new"), MINE, LEASE, START + 13 * SECOND, STARTED);
        table.expire(START + 13 * SECOND, STARTED);
        assertThat(table.changes().instances(service))
                .extracting(ServiceInstance::id)
                .containsExactly("i2", "new");
    }

    @Test
    void instances_that_vanish_right_after_they_were_registered_have_not_replaced_each_other_B7() {
        var table = preserving(0, 1);
        var service = new ServiceName("s0");
        for (int i = 0; i < 100; i++) {
            table.register(Instances.of(service, "i" + i), MINE, LEASE, START + i, STARTED);
        }
        pass(table, 1, 30);
        assertThat(table.changes().instances(service)).hasSize(85);
    }

    @Test
    void a_stale_instance_recovers_by_renewing() {
        var table = preserving(100, 1);
        pass(table, 1, 11);
        long seen = table.changes().revision();
        var stale = table.changes().instances(new ServiceName("s0")).getFirst();

        assertThat(table.renew(stale.id(), Registrant.of(MINE), START + 11 * SECOND, STARTED))
                .isTrue();

        assertThat(table.changes().find(stale.service(), stale.id()))
                .contains(Instances.of(stale.service(), stale.id()));
        assertThat(table.changes().readAll(seen).changes()).hasSize(1);
        assertThat(table.overview(0, START + 11 * SECOND).stale()).isEqualTo(84);
        pass(table, 12, 20);
        assertThat(table.changes().find(stale.service(), stale.id())).isPresent();
    }

    @Test
    void self_preservation_also_limits_the_whole_registry() {
        var table = preserving(100, 50); // of two instances each, one may be removed
        pass(table, 1, 12);

        assertThat(table.changes().instanceCount()).isEqualTo(85);
    }

    @Test
    void a_single_expiry_is_not_limited() {
        var table = preserving(3, 1);
        pass(table, 1, 9);
        table.renew("i0", Registrant.of(MINE), START + 9 * SECOND, STARTED);
        table.renew("i1", Registrant.of(MINE), START + 9 * SECOND, STARTED);
        pass(table, 10, 11);

        assertThat(table.changes().instances(new ServiceName("s0"))).hasSize(2);
        assertThat(table.overview(0, START + 11 * SECOND).stale()).isZero();
    }

    @Test
    void time_in_which_the_process_was_stopped_does_not_count() {
        var stopped = preserving(100, 10);
        pass(stopped, 1, 3);

        stopped.expire(START + 63 * SECOND, STARTED);
        assertThat(stopped.changes().instanceCount()).isEqualTo(100);
        assertThat(stopped.overview(0, START + 63 * SECOND).stale())
                .as("not even stale")
                .isZero();

        pass(stopped, 64, 69);
        assertThat(stopped.changes().instanceCount())
                .as("seven seconds are left of each lease")
                .isEqualTo(100);
        assertThat(stopped.overview(0, START + 69 * SECOND).stale()).isZero();
        pass(stopped, 70, 71);
        assertThat(stopped.overview(0, START + 71 * SECOND).stale()).isEqualTo(90);
    }

    @Test
    void renewing_a_thousand_times_leaves_no_checks_behind() {
        for (int second = 0; second < 1_000; second++) {
            register("a", MINE, LEASE, START + second * SECOND);
            table.remove("a", MINE, STARTED);
            register("b", MINE, second % 2 == 0 ? LEASE : Duration.ofSeconds(3), START + second * SECOND);
        }
        expire(START + 999 * SECOND);
        assertThat(expire(START + 999 * SECOND)).isEqualTo(3 * SECOND);
        expire(START + 1_002 * SECOND);
        assertThat(table.changes().instances(ORDERS)).isEmpty();
    }

    @Test
    void an_operator_drains_an_instance() {
        register("a", MINE, LEASE, START);
        table.drain("a", true, STARTED);
        table.report("a", MINE, ServiceHealth.of(Status.WARNING, STARTED), START, STARTED);
        assertThat(table.changes().instances(ORDERS).getFirst().health().status())
                .isEqualTo(Status.DRAINING);

        table.drain("a", false, STARTED);
        assertThat(table.changes().instances(ORDERS).getFirst().health().status())
                .isEqualTo(Status.WARNING);
        refused(Code.NOT_FOUND, "no instance b", () -> table.drain("b", true, STARTED));
    }

    private static RegistryTable deregistering(int instances, double ratioMax) {
        var policy = new SelfPreservationPolicy(ratioMax, Duration.ofMinutes(1), Optional.of(Duration.ofSeconds(30)));
        var table = new RegistryTable(RegistryLimits.STANDARD, policy, new Random(1));
        for (int i = 0; i < instances; i++) {
            table.register(Instances.of(ORDERS, "i" + i), MINE, Duration.ofMinutes(5), START, STARTED);
        }
        return table;
    }

    private static void reportCritical(RegistryTable table, String id, long atNanos) {
        var health = new ServiceHealth(Status.CRITICAL, "the disk is full", STARTED, Map.of());
        table.report(id, MINE, health, atNanos, STARTED);
    }

    @Test
    void an_instance_that_stays_critical_is_delisted_until_it_recovers() {
        var table = deregistering(2, 1);
        reportCritical(table, "i0", START + SECOND);
        pass(table, 2, 30);
        assertThat(table.changes().find(ORDERS, "i0")).isPresent();

        long seen = table.changes().revision();
        pass(table, 31, 31);
        assertThat(table.changes().readAll(seen).changes())
                .singleElement()
                .satisfies(change -> assertThat(((Removed) change.event()).reason())
                        .isEqualTo("critical for 30 s: the disk is full"));
        assertThat(table.overview(0, START + 31 * SECOND).critical()).isEqualTo(1);

        assertThat(table.renew("i0", Registrant.of(MINE), START + 32 * SECOND, STARTED))
                .as("it keeps its lease")
                .isTrue();
        reportCritical(table, "i0", START + 33 * SECOND);
        assertThat(table.changes().find(ORDERS, "i0")).as("still critical").isEmpty();

        table.report("i0", MINE, ServiceHealth.of(Status.PASSING, STARTED), START + 34 * SECOND, STARTED);
        assertThat(table.changes().find(ORDERS, "i0")).isPresent();
        assertThat(table.overview(0, START + 34 * SECOND).critical()).isZero();

        reportCritical(table, "i0", START + 35 * SECOND);
        pass(table, 36, 64);
        assertThat(table.changes().find(ORDERS, "i0"))
                .as("critical again, from now")
                .isPresent();
        pass(table, 65, 65);
        assertThat(table.changes().find(ORDERS, "i0")).isEmpty();
    }

    @Test
    void an_instance_that_recovers_in_time_stays_listed() {
        var table = deregistering(1, 1);
        reportCritical(table, "i0", START);
        pass(table, 1, 29);
        table.report("i0", MINE, ServiceHealth.of(Status.WARNING, STARTED), START + 29 * SECOND, STARTED);
        pass(table, 30, 100);

        assertThat(table.changes().find(ORDERS, "i0")).isPresent();
    }

    @Test
    void most_instances_stay_listed_if_all_are_critical() {
        var table = deregistering(20, 0.15);
        for (int i = 0; i < 20; i++) {
            reportCritical(table, "i" + i, START);
        }
        pass(table, 1, 60);
        assertThat(table.changes().instances(ORDERS)).hasSize(17);

        pass(table, 61, 91);
        assertThat(table.changes().instances(ORDERS)).as("the next window").hasSize(15);
    }

    @Test
    void the_lease_of_a_delisted_instance_expires() {
        var table = deregistering(1, 1);
        reportCritical(table, "i0", START);
        pass(table, 1, 301);

        assertThat(table.renew("i0", Registrant.of(MINE), START + 301 * SECOND, STARTED))
                .isFalse();
        assertThat(table.overview(0, START + 301 * SECOND).critical()).isZero();
    }

    private static RegistryTable small(long memory) {
        var limits =
                new RegistryLimits(1_000, 100, 100, 100, 100, Duration.ofSeconds(1), Duration.ofMinutes(1), memory);
        return new RegistryTable(limits, new Random(1));
    }

    private static ServiceInstance large(String id, int characters) {
        return Instances.of(ORDERS, id).withMetadata(Map.of("text", "x".repeat(characters)));
    }

    @Test
    void instances_have_a_memory_limit_whose_refusal_names_it_R12() {
        RegistryTable table = small(200_000); // half of it for instances
        for (int i = 0; i < 5; i++) {
            table.register(large("i" + i, 8_000), MINE, LEASE, START, STARTED);
        }
        String message = "the instances of the registry take";
        refused(
                Code.RESOURCE_EXHAUSTED,
                message,
                () -> table.register(large("i5", 8_000), MINE, LEASE, START, STARTED));
        refused(
                Code.RESOURCE_EXHAUSTED,
                "over its limit of 100000: remove some, or give the registry's process a larger heap (-Xmx)",
                () -> table.register(large("i5", 8_000), MINE, LEASE, START, STARTED));
        assertThat(table.changes().instances(ORDERS)).hasSize(5);
        var health = new ServiceHealth(Status.WARNING, "x".repeat(8_000), STARTED, Map.of());
        refused(Code.RESOURCE_EXHAUSTED, message, () -> table.report("i0", MINE, health, START, STARTED));

        table.register(large("i0", 10), MINE, LEASE, START, STARTED); // a smaller one always fits
        table.register(large("i5", 7_000), MINE, LEASE, START, STARTED);
        table.remove("i1", MINE, STARTED);
        table.report("i0", MINE, health, START, STARTED);
    }

    @Test
    void contracts_have_a_memory_limit_whose_refusal_names_it_R12() {
        RegistryTable table = small(8_000); // a quarter of it for contracts
        String operation = "get(text: string) -> string\n";
        table.publish("contract shop.First 1.0.0\n" + "get(text: string) -> string", false);
        var long1 = new StringBuilder("contract shop.Second 1.0.0\n");
        for (int i = 0; i < 100; i++) {
            long1.append("a").append(i).append(operation);
        }
        refused(
                Code.RESOURCE_EXHAUSTED,
                "the contracts of the registry take",
                () -> table.publish(long1.toString(), false));
        assertThat(table.services()).extracting(ServiceName::value).containsExactly("shop.First");
    }

    @Test
    void the_last_renewal_of_each_lease_is_known() {
        register("a", MINE, LEASE, START);
        register("b", MINE, LEASE, START);
        register("embedded", MINE, Duration.ZERO, START);
        table.renew("b", Registrant.of(MINE), START + 3 * SECOND, STARTED);

        assertThat(table.renewals(table.changes().instances(ORDERS), 10, START + 5 * SECOND, STARTED))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "a", Optional.of(STARTED.minusSeconds(5)),
                        "b", Optional.of(STARTED.minusSeconds(2))));
    }

    @Test
    void a_contract_is_withdrawn_unless_registered_instances_run_it() {
        table.publish("contract shop.Orders 1.0.0\nget() -> string", false);
        table.publish("contract shop.Orders 1.1.0\nget() -> string\nput()", false);
        var entries = new ArrayList<RegistryTable.Entry>();
        table.journal(entries::add);
        register("a", MINE, LEASE, START); // of version 1.0.0

        refused(
                Code.FAILED_PRECONDITION,
                "in use by 1 registered instances",
                () -> table.withdraw(ORDERS, new Version(1, 0, 0)));
        refused(Code.NOT_FOUND, "no contract shop.Orders 3.0.0", () -> table.withdraw(ORDERS, new Version(3, 0, 0)));
        table.withdraw(ORDERS, new Version(1, 1, 0));
        assertThat(table.contracts(ORDERS).versions()).containsExactly(new Version(1, 0, 0));
        table.remove("a", MINE, STARTED);
        table.withdraw(ORDERS, new Version(1, 0, 0));
        assertThat(table.services()).isEmpty();
        assertThat(entries)
                .filteredOn(RegistryTable.Entry.Withdrawn.class::isInstance)
                .hasSize(2);
    }
}
