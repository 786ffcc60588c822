package dev.treaty.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.treaty.core.discovery.HealthProbe;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.server.RegistryTable;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthCheckTest {
    private static final Duration SOON = Duration.ofMillis(10);

    private static ServiceHealth health(Status status) {
        return ServiceHealth.of(status, Instant.EPOCH);
    }

    /** The statuses told for answers given as letters: P, W, C, D, U. */
    private static String told(HealthPolicy policy, String answers) {
        var judge = new HealthCheck.Judge(policy, health(Status.UNKNOWN));
        return answers.chars()
                .mapToObj(letter -> Arrays.stream(Status.values())
                        .filter(status -> status.name().charAt(0) == letter)
                        .findFirst()
                        .orElseThrow())
                .flatMap(status -> judge.take(health(status)).stream())
                .map(found -> found.status().name().substring(0, 1))
                .collect(Collectors.joining());
    }

    @ParameterizedTest
    @CsvSource({
        "P,        P", // the first answer is believed, whatever it is
        "C,        C",
        "PC,       P", // one bad answer is chance
        "PCC,      PC",
        "PCPCPC,   P", // and so are several that are not in a row
        "CP,       C",
        "CPPP,     CP",
        "CPPCPP,   C",
        "PWP,      PWP", // within those that take calls, at once
        "PDP,      PD", // a drain is always believed
        "PPP,      P", // the same again is no news
    })
    void asManyAnswersInARowAsThePolicySays(String answers, String expected) {
        assertThat(told(new HealthPolicy(SOON, SOON, 3, 2), answers)).isEqualTo(expected);
    }

    @Property
    void aStatusChangesOnlyByARowOfAnswers(
            @ForAll @Size(min = 1, max = 60) List<Boolean> answers,
            @ForAll @IntRange(min = 1, max = 5) int rise,
            @ForAll @IntRange(min = 1, max = 5) int fall) {
        var judge = new HealthCheck.Judge(new HealthPolicy(SOON, SOON, rise, fall), health(Status.UNKNOWN));
        boolean believed = answers.getFirst();
        int row = 0;
        for (int i = 0; i < answers.size(); i++) {
            boolean well = answers.get(i);
            var news = judge.take(health(well ? Status.PASSING : Status.CRITICAL));
            row = i > 0 && well != believed ? row + 1 : 0;
            boolean turned = row >= (believed ? fall : rise) && i > 0 && row > 0;
            assertThat(news.isPresent()).isEqualTo(i == 0 || turned);
            if (turned) {
                believed = well;
                row = 0;
            }
        }
    }

    private static HealthCheck start(HealthProbe probe, HealthPolicy policy, BlockingQueue<ServiceHealth> told) {
        return HealthCheck.start(
                "test", probe, policy, health(Status.UNKNOWN), told::add, Time.system(), new Random(1));
    }

    private static ServiceHealth next(BlockingQueue<ServiceHealth> told) throws InterruptedException {
        ServiceHealth health = told.poll(20, TimeUnit.SECONDS);
        assertThat(health).as("what was found").isNotNull();
        return health;
    }

    @Test
    void whatChangesIsToldWithItsMessage() throws InterruptedException {
        var told = new LinkedBlockingQueue<ServiceHealth>();
        var asked = new AtomicInteger();
        HealthProbe probe = () -> asked.incrementAndGet() < 5
                ? new ServiceHealth(Status.WARNING, "the disk is filling up", Instant.EPOCH, Map.of("free", "2 GiB"))
                : health(Status.PASSING);

        try (HealthCheck _ = start(probe, new HealthPolicy(SOON, Duration.ofSeconds(10), 1, 1), told)) {
            ServiceHealth warning = next(told);
            assertThat(warning.message()).isEqualTo("the disk is filling up");
            assertThat(warning.details()).isEqualTo(Map.of("free", "2 GiB"));
            assertThat(next(told).status()).isEqualTo(Status.PASSING);
        }
        assertThat(told).isEmpty();
    }

    @Test
    void aProbeThatThrowsFindsItCritical() throws InterruptedException {
        var told = new LinkedBlockingQueue<ServiceHealth>();
        HealthProbe probe = () -> {
            throw new IllegalStateException("no such host");
        };

        var patient = new HealthPolicy(Duration.ofMinutes(1), Duration.ofMinutes(1), 1, 1);
        try (HealthCheck _ = start(probe, patient, told)) {
            ServiceHealth found = next(told);
            assertThat(found.status()).isEqualTo(Status.CRITICAL);
            assertThat(found.message()).isEqualTo("the health check failed: no such host");
        }
    }

    @Test
    void whatIsTooLongForARegistryIsToldInPart() throws InterruptedException {
        var seen = new LinkedBlockingQueue<ServiceHealth>();
        var asked = new AtomicInteger();
        var details = Map.of("disk", "full", "trace", "x".repeat(9_000));
        HealthProbe probe = () -> asked.incrementAndGet() == 1
                ? health(Status.PASSING)
                : new ServiceHealth(Status.CRITICAL, asked.get() < 4 ? "e".repeat(9_000) : "", Instant.EPOCH, details);

        try (var registry = new EmbeddedRegistry(
                new RegistryTable(RegistryLimits.STANDARD, new Random(1)), Time.system(), Events.NONE)) {
            var registered = registry.register(Instances.of(Instances.ORDERS, "a", Status.UNKNOWN));
            registry.watch(Instances.ORDERS, event -> seen.add(event.instance().health()));
            assertThat(next(seen).status()).isEqualTo(Status.UNKNOWN);
            try (HealthCheck _ = HealthCheck.start(
                    "test",
                    probe,
                    new HealthPolicy(SOON, Duration.ofSeconds(10), 1, 1),
                    health(Status.UNKNOWN),
                    registered::report,
                    Time.system(),
                    new Random(1))) {
                assertThat(next(seen).status()).isEqualTo(Status.PASSING);
                ServiceHealth critical = next(seen);
                assertThat(critical.status()).isEqualTo(Status.CRITICAL);
                assertThat(critical.message()).startsWith("eee").hasSize(RegistryLimits.HEALTH_LENGTH_MAX);
                assertThat(next(seen).details()).isEqualTo(Map.of("disk", "full"));
            }
        }
    }

    @Test
    void whatCouldNotBeToldIsToldAgain() throws InterruptedException {
        var told = new LinkedBlockingQueue<ServiceHealth>();
        var tries = new AtomicInteger();

        try (HealthCheck _ = HealthCheck.start(
                "test",
                () -> health(Status.CRITICAL),
                new HealthPolicy(SOON, Duration.ofSeconds(10), 1, 1),
                health(Status.UNKNOWN),
                health -> {
                    if (tries.incrementAndGet() < 3) {
                        throw new IllegalStateException("closed");
                    }
                    told.add(health);
                },
                Time.system(),
                new Random(1))) {
            assertThat(next(told).status()).isEqualTo(Status.CRITICAL);
        }
    }

    @Test
    void oneThatHangsIsCriticalAndCostsOneThread() throws InterruptedException {
        var told = new LinkedBlockingQueue<ServiceHealth>();
        var asked = new AtomicInteger();
        var hangs = new CountDownLatch(1);
        var released = new CountDownLatch(1);
        HealthProbe probe = () -> {
            if (asked.incrementAndGet() == 1) {
                hangs.countDown();
                while (released.getCount() > 0) { // deaf to the interrupt, as bad code is
                    try {
                        released.await();
                    } catch (InterruptedException e) {
                        // goes on hanging
                    }
                }
            }
            return health(Status.PASSING);
        };

        try (HealthCheck _ = start(probe, new HealthPolicy(SOON, SOON, 1, 1), told)) {
            ServiceHealth found = next(told);
            assertThat(found.status()).isEqualTo(Status.CRITICAL);
            assertThat(found.message()).isEqualTo("no answer within 10 ms");
            hangs.await();
            assertThat(asked).hasValue(1);
            released.countDown();
            assertThat(next(told).status()).isEqualTo(Status.PASSING);
        }
    }

    @Test
    void aPolicyHasLimits() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HealthPolicy(Duration.ofMillis(1), SOON, 1, 1))
                .withMessageContaining("interval is 1 ms");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HealthPolicy(SOON, Duration.ZERO, 1, 1))
                .withMessageContaining("timeout");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HealthPolicy(SOON, SOON, 0, 1))
                .withMessage("rise is 0: use 1 to 100");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HealthPolicy(SOON, SOON, 1, 101))
                .withMessageContaining("fall");
    }
}
