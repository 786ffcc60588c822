package dev.treaty.core.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthCheckTest {
    private static final Duration SHORT = Duration.ofMillis(10);
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final HealthPolicy EVERY_RESULT_COUNTS = new HealthPolicy(SHORT, LONG, 1, 1);

    private final BlockingQueue<ServiceHealth> reported = new LinkedBlockingQueue<>();
    private final AtomicInteger probes = new AtomicInteger();

    private static ServiceHealth health(Status status) {
        return ServiceHealth.of(status, Instant.EPOCH);
    }

    /** Returns the reported statuses for results given as first letters: P, W, C, D, U. */
    private static String reported(HealthPolicy policy, String results) {
        var threshold = new HealthCheck.Threshold(policy, health(Status.UNKNOWN));
        return results.chars()
                .mapToObj(letter -> Arrays.stream(Status.values())
                        .filter(status -> status.name().charAt(0) == letter)
                        .findFirst()
                        .orElseThrow())
                .flatMap(status -> threshold.next(health(status)).stream())
                .map(changed -> changed.status().name().substring(0, 1))
                .collect(Collectors.joining());
    }

    @ParameterizedTest
    @CsvSource({
        "P,        P", // the first result counts, whatever it is
        "C,        C",
        "PC,       P", // fall is 2
        "PCC,      PC",
        "PCPCPC,   P", // not in a row
        "CP,       C", // rise is 3
        "CPPP,     CP",
        "CPPCPP,   C",
        "PWP,      PWP", // both statuses accept calls
        "PDP,      PD", // draining counts immediately
        "PPP,      P", // unchanged
    })
    void a_status_changes_after_as_many_results_in_a_row_as_the_policy_demands(String results, String expected) {
        assertThat(reported(new HealthPolicy(SHORT, SHORT, 3, 2), results)).isEqualTo(expected);
    }

    @Property
    void a_status_changes_only_after_several_equal_results_in_a_row(
            @ForAll @Size(min = 1, max = 60) List<Boolean> results,
            @ForAll @IntRange(min = 1, max = 5) int rise,
            @ForAll @IntRange(min = 1, max = 5) int fall) {
        var threshold = new HealthCheck.Threshold(new HealthPolicy(SHORT, SHORT, rise, fall), health(Status.UNKNOWN));
        boolean current = results.getFirst();
        int row = 0;
        for (int i = 0; i < results.size(); i++) {
            boolean healthy = results.get(i);
            var change = threshold.next(health(healthy ? Status.PASSING : Status.CRITICAL));
            row = i > 0 && healthy != current ? row + 1 : 0;
            boolean changed = row >= (current ? fall : rise) && i > 0 && row > 0;
            assertThat(change.isPresent()).isEqualTo(i == 0 || changed);
            if (changed) {
                current = healthy;
                row = 0;
            }
        }
    }

    private HealthCheck start(HealthProbe probe, HealthPolicy policy) {
        return start(probe, policy, reported::add);
    }

    private static HealthCheck start(HealthProbe probe, HealthPolicy policy, Consumer<ServiceHealth> listener) {
        return HealthCheck.start("test", probe, policy, health(Status.UNKNOWN), listener, Time.system(), new Random(1));
    }

    private ServiceHealth next() throws InterruptedException {
        ServiceHealth health = reported.poll(60, TimeUnit.SECONDS);
        assertThat(health).as("reported health").isNotNull();
        return health;
    }

    @Test
    void a_change_is_reported_once_with_message_and_details() throws InterruptedException {
        HealthProbe probe = () -> probes.incrementAndGet() < 5
                ? new ServiceHealth(Status.WARNING, "the disk is filling up", Instant.EPOCH, Map.of("free", "2 GiB"))
                : health(Status.PASSING);

        try (HealthCheck _ = start(probe, EVERY_RESULT_COUNTS)) {
            ServiceHealth warning = next();
            assertThat(warning.message()).isEqualTo("the disk is filling up");
            assertThat(warning.details()).isEqualTo(Map.of("free", "2 GiB"));
            assertThat(next().status()).isEqualTo(Status.PASSING);
        }
        assertThat(reported).isEmpty();
    }

    @Test
    void a_probe_that_throws_makes_the_instance_critical() throws InterruptedException {
        HealthProbe probe = () -> {
            throw new IllegalStateException("no such host");
        };

        try (HealthCheck _ = start(probe, new HealthPolicy(LONG, LONG, 1, 1))) {
            ServiceHealth health = next();
            assertThat(health.status()).isEqualTo(Status.CRITICAL);
            assertThat(health.message()).isEqualTo("the health check failed: no such host");
        }
    }

    @Test
    void health_that_is_too_long_for_a_registry_is_truncated() throws InterruptedException {
        String tooLong = "x".repeat(ServiceHealth.LENGTH_MAX + 1);
        var details = Map.of("disk", "full", "trace", tooLong);
        HealthProbe probe = () -> new ServiceHealth(
                Status.CRITICAL, probes.incrementAndGet() == 1 ? tooLong : "", Instant.EPOCH, details);

        try (HealthCheck _ = start(probe, EVERY_RESULT_COUNTS)) {
            ServiceHealth longMessage = next();
            assertThat(longMessage.message()).startsWith("xxx").endsWith("…").hasSize(ServiceHealth.LENGTH_MAX);
            assertThat(longMessage.details()).isEmpty();
            assertThat(next().details()).isEqualTo(Map.of("disk", "full"));
        }
    }

    @Test
    void a_report_is_repeated_until_the_listener_accepts_it() throws InterruptedException {
        var attempts = new AtomicInteger();

        try (HealthCheck _ = start(() -> health(Status.CRITICAL), EVERY_RESULT_COUNTS, health -> {
            if (attempts.incrementAndGet() < 3) {
                throw new IllegalStateException("closed");
            }
            reported.add(health);
        })) {
            assertThat(next().status()).isEqualTo(Status.CRITICAL);
        }
    }

    @Test
    void a_probe_that_hangs_is_critical_and_occupies_one_thread() throws InterruptedException {
        var hangs = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        HealthProbe probe = () -> {
            if (probes.incrementAndGet() == 1) {
                hangs.countDown();
                while (released.getCount() > 0) { // ignores interrupts, as careless code does
                    try {
                        released.await();
                    } catch (InterruptedException e) {
                        // keeps hanging
                    }
                }
            }
            return health(Status.PASSING);
        };

        try (HealthCheck _ = start(probe, new HealthPolicy(SHORT, SHORT, 1, 1))) {
            ServiceHealth health = next();
            assertThat(health.status()).isEqualTo(Status.CRITICAL);
            assertThat(health.message()).isEqualTo("no answer within 10 ms");
            hangs.await();
            assertThat(probes).hasValue(1);
            released.countDown();
            assertThat(next().status()).isEqualTo(Status.PASSING);
        }
    }

    @Test
    void a_check_that_is_closed_interrupts_its_probe_at_once_and_reports_nothing() throws InterruptedException {
        var hangs = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        HealthProbe probe = () -> {
            hangs.countDown();
            try {
                new CountDownLatch(1).await();
            } finally {
                interrupted.countDown();
            }
            return health(Status.PASSING);
        };

        HealthCheck check = start(probe, EVERY_RESULT_COUNTS);
        hangs.await();
        check.close();
        assertThat(interrupted.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(reported).isEmpty();
    }

    @Test
    void a_policy_rejects_values_out_of_range() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HealthPolicy(Duration.ofMillis(1), SHORT, 1, 1))
                .withMessageContaining("interval is 1ms: use 10ms to 1h");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HealthPolicy(SHORT, Duration.ZERO, 1, 1))
                .withMessageContaining("timeout");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HealthPolicy(SHORT, SHORT, 0, 1))
                .withMessage("rise is 0: use 1 to 100");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HealthPolicy(SHORT, SHORT, 1, 101))
                .withMessageContaining("fall");
    }

    @Test
    void the_longest_duration_is_rejected_like_others_G15() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HealthPolicy(SHORT, ChronoUnit.FOREVER.getDuration(), 1, 1))
                .withMessageStartingWith("timeout is PT2562047788015215H");
    }

    @Test
    @SuppressWarnings("NullAway") // as code without nullness checks does
    void a_probe_that_returns_nothing_is_critical_at_once() throws InterruptedException {
        try (HealthCheck _ = start(() -> null, EVERY_RESULT_COUNTS)) {
            assertThat(next().message()).isEqualTo("the health check failed: it returned nothing");
        }
    }
}
