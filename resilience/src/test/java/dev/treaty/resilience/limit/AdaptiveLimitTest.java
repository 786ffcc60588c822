package dev.treaty.resilience.limit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.resilience.ConcurrencyLimiter;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.OverloadedServer;
import dev.treaty.resilience.OverloadedServer.Report;
import java.time.Duration;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The adaptive limit in front of a server of known capacity. */
class AdaptiveLimitTest {
    private static final ConcurrencyPolicy POLICY = ConcurrencyPolicy.adaptive(1000);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @ParameterizedTest
    @CsvSource({"8, 20, 10", "2, 20, 10", "1, 20, 10", "40, 50, 3", "40, 50, 10", "200, 100, 2"})
    void ten_times_the_capacity_is_served_at_nine_tenths_of_it_from_the_third_second_on_W9(
            int workers, int millis, int overload) {
        for (int seed = 0; seed < 20; seed++) {
            var server = new OverloadedServer(POLICY, workers, seed).serves(Duration.ofMillis(millis), overload);
            List<Report> seconds = server.seconds(30);
            if (System.getenv("SHOW") != null && seed < 3)
                seconds.forEach(r -> System.out.println(workers + " " + r + " " + server.limiter().snapshot()));
            assertThat(seconds.subList(3, 30)).as("seed %d", seed).allSatisfy(second -> {
                assertThat(second.goodput()).isGreaterThan(0.9);
                assertThat(second.slowness()).isLessThan(6);
            });
        }
    }
}
