package dev.treaty.registry;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static dev.treaty.registry.Instances.STOCK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RegistryTableTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final Duration LEASE = Duration.ofSeconds(10);
    private static final String MINE = "my-token";
    private static final String YOURS = "your-token";

    /** Close to where the clock wraps, which the clock of a machine may be. */
    private static final long START = Long.MAX_VALUE - 3 * SECOND;

    private final RegistryTable table = table(3);

    private static RegistryTable table(int instances) {
        var limits = new RegistryLimits(instances, 2, 1, 100, Duration.ofSeconds(1), Duration.ofMinutes(1));
        return new RegistryTable(limits, new Random(1));
    }

    private Duration register(String id, String token, Duration lease, long atNanos) {
        return table.register(Instances.of(ORDERS, id), token, lease, atNanos, STARTED);
    }

    private static void refused(Code code, String message, ThrowingCallable what) {
        assertThatThrownBy(what).isInstanceOfSatisfying(ServiceException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.fault().message()).contains(message);
        });
    }

    @Test
    void aLeaseEndsAtItsMomentAndNotBefore() {
        register("a", MINE, LEASE, START);

        assertThat(table.expire(START + 10 * SECOND - 1, STARTED)).isEqualTo(1);
        assertThat(table.catalog().instances(ORDERS)).hasSize(1);
        assertThat(table.expire(START + 10 * SECOND, STARTED)).isEqualTo(Long.MAX_VALUE);
        assertThat(table.catalog().instances(ORDERS)).isEmpty();
    }

    @Test
    void leasesEndInTheOrderOfTheirEnds() {
        register("a", MINE, Duration.ofSeconds(9), START);
        register("b", MINE, Duration.ofSeconds(7), START + SECOND);
        register("c", MINE, Duration.ofSeconds(1), START + 2 * SECOND);
        table.renew("c", MINE, START + 7 * SECOND + SECOND / 2);
        long seen = table.catalog().revision();

        assertThat(table.expire(START + 6 * SECOND, STARTED)).isEqualTo(2 * SECOND);
        table.expire(START + 60 * SECOND, STARTED);

        var removed = table.catalog().read(Map.of(ORDERS, seen)).changes();
        assertThat(removed).extracting(e -> e.instance().id()).containsExactly("b", "c", "a");
        assertThat(removed).allMatch(e -> e instanceof Removed r && r.reason().equals("lease expired"));
    }

    @Test
    void theClockMayWrapBetweenTwoEnds() {
        register("after", MINE, LEASE, START);
        register("before", MINE, Duration.ofSeconds(2), START);

        assertThat(table.expire(START, STARTED)).isEqualTo(2 * SECOND);
        table.expire(START + 5 * SECOND, STARTED);
        assertThat(table.catalog().instances(ORDERS)).containsExactly(Instances.of(ORDERS, "after"));
    }

    @Test
    void renewingBeginsTheLeaseAnew() {
        register("a", MINE, LEASE, START);

        assertThat(table.renew("a", MINE, START + 9 * SECOND)).isTrue();
        assertThat(table.expire(START + 10 * SECOND, STARTED)).isEqualTo(9 * SECOND);
        assertThat(table.renew("a", YOURS, START + 15 * SECOND)).isFalse();
        assertThat(table.renew("b", MINE, START + 15 * SECOND)).isFalse();
        table.expire(START + 19 * SECOND, STARTED);
        assertThat(table.renew("a", MINE, START + 19 * SECOND)).isFalse();
    }

    @Test
    void aLeaseWithoutLengthNeverEnds() {
        register("a", MINE, Duration.ZERO, START);

        assertThat(table.expire(START + Duration.ofDays(365).toNanos(), STARTED))
                .isEqualTo(Long.MAX_VALUE);
        assertThat(table.catalog().instances(ORDERS)).hasSize(1);
    }

    @Test
    void leasesAreGrantedWithinLimits() {
        assertThat(register("a", MINE, Duration.ofMillis(1), START)).isEqualTo(Duration.ofSeconds(1));
        assertThat(register("a", MINE, LEASE, START)).isEqualTo(LEASE);
        assertThat(register("a", MINE, Duration.ofDays(9), START)).isEqualTo(Duration.ofMinutes(1));
    }

    @Test
    void registeringAgainWithTheSameTokenReplaces() {
        register("a", MINE, LEASE, START);
        table.register(Instances.of(ORDERS, "a", Status.WARNING), MINE, LEASE, START + 5 * SECOND, STARTED);

        assertThat(table.expire(START + 10 * SECOND, STARTED)).isEqualTo(5 * SECOND);
        assertThat(table.catalog().instances(ORDERS)).containsExactly(Instances.of(ORDERS, "a", Status.WARNING));
        refused(
                Code.INVALID_ARGUMENT,
                "is registered as shop.Orders",
                () -> table.register(Instances.of(STOCK, "a"), MINE, LEASE, START, STARTED));
    }

    @Test
    void nobodyElseTouchesAnInstance() {
        register("a", MINE, LEASE, START);
        var sick = ServiceHealth.of(Status.CRITICAL, STARTED);

        refused(Code.ALREADY_EXISTS, "instance a", () -> register("a", YOURS, LEASE, START));
        refused(Code.PERMISSION_DENIED, "another token", () -> table.report("a", YOURS, sick, STARTED));
        refused(Code.PERMISSION_DENIED, "another token", () -> table.remove("a", YOURS, "closed", STARTED));
        assertThat(table.catalog().instances(ORDERS)).containsExactly(Instances.of(ORDERS, "a"));

        table.report("a", MINE, sick, STARTED);
        assertThat(table.catalog().instances(ORDERS)).containsExactly(Instances.of(ORDERS, "a", Status.CRITICAL));
        table.remove("a", MINE, "closed", STARTED);
        table.remove("a", YOURS, "closed", STARTED);
        refused(Code.NOT_FOUND, "register it again", () -> table.report("a", MINE, sick, STARTED));
        assertThat(register("a", YOURS, LEASE, START)).isEqualTo(LEASE);
    }

    @Test
    void tokensThatAreTooEasyAreRefused() {
        refused(Code.INVALID_ARGUMENT, "8 to 256", () -> register("a", "1234567", LEASE, START));
        refused(Code.INVALID_ARGUMENT, "8 to 256", () -> register("a", "1".repeat(257), LEASE, START));
        assertThat(table.catalog().instances(ORDERS)).isEmpty();
    }

    @Test
    void aFullTableRefusesNewInstancesOnly() {
        register("a", MINE, LEASE, START);
        register("b", MINE, LEASE, START);
        register("c", MINE, LEASE, START);

        refused(Code.RESOURCE_EXHAUSTED, "holds 3 instances", () -> register("d", MINE, LEASE, START));
        register("c", MINE, LEASE, START + SECOND);
        table.remove("a", MINE, "closed", STARTED);
        register("d", MINE, LEASE, START);
    }

    @Test
    void everyStartHasAnEpochOfItsOwn() {
        var random = new Random(7);
        var limits = RegistryLimits.STANDARD;

        assertThat(new RegistryTable(limits, random).epoch()).isNotEqualTo(new RegistryTable(limits, random).epoch());
    }
}
