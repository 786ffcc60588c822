package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class OutcomeWindowLawsTest {
    private static final long WINDOW = 1_000;
    private static final long BUCKET = WINDOW / 10;

    /** Against the naive model: every outcome whose bucket is among the last ten counts, and no other. */
    @Property
    void countsWhatANaiveModelCounts(
            @ForAll @Size(max = 200) List<@IntRange(max = 300) Integer> pauses, @ForAll long start) {
        long origin = start / 4;
        var window = new OutcomeWindow(WINDOW, origin);
        List<Long> failures = new ArrayList<>();
        List<Long> all = new ArrayList<>();
        long now = origin;
        for (int pause : pauses) {
            now += pause;
            boolean failed = pause % 3 == 0;
            window.add(failed, now);
            all.add(now);
            if (failed) {
                failures.add(now);
            }
            assertThat(window.calls(now)).isEqualTo(recent(all, origin, now));
            assertThat(window.failures(now)).isEqualTo(recent(failures, origin, now));
        }
    }

    private static int recent(List<Long> moments, long origin, long now) {
        return (int) moments.stream()
                .filter(m -> (now - origin) / BUCKET - (m - origin) / BUCKET < 10)
                .count();
    }
}
