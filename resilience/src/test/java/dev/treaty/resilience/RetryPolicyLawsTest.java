package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class RetryPolicyLawsTest {
    @Test
    void jitter_reaches_both_ends_of_its_range() {
        var random = new Random(1);
        assertThat(Stream.generate(() -> Jitter.FULL.spread(3, random)).limit(100))
                .containsOnly(0L, 1L, 2L, 3L);
        assertThat(Stream.generate(() -> Jitter.EQUAL.spread(5, random)).limit(100))
                .containsOnly(2L, 3L, 4L, 5L);
        assertThat(Jitter.FULL.spread(0, random)).isZero();
    }

    @Property
    void pauses_stay_within_their_range(
            @ForAll @LongRange(min = 1, max = 10_000) long backoffMillis,
            @ForAll @LongRange(min = 0, max = 60_000) long more,
            @ForAll @DoubleRange(min = 1, max = 10) double multiplier,
            @ForAll @IntRange(min = 1, max = 10) int attempt,
            @ForAll Jitter jitter,
            @ForAll long seed) {
        var max = Duration.ofMillis(backoffMillis + more);
        var policy = new RetryPolicy(10, Duration.ofMillis(backoffMillis), max, multiplier, jitter, List.of(), 0.2, 10);
        long backoff = policy.backoffNanos(attempt);
        long pause = policy.pauseNanos(attempt, new Random(seed));
        assertThat(backoff).isBetween(Duration.ofMillis(backoffMillis).toNanos(), max.toNanos());
        assertThat(pause).isBetween(jitter == Jitter.EQUAL ? backoff / 2 : 0, backoff);
    }
}
