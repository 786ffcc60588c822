package dev.treaty.resilience.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;

/** Compares both windows, with one stripe and with several, with models that keep every outcome. */
class OutcomeWindowLawsTest {
    private static final long WINDOW = 1_000;
    private static final long BUCKET = WINDOW / 10;
    private static final int STRIPES = 4;

    /** An outcome: the pause before it, and the stripe of a success. */
    record Outcome(int pause, int stripe, boolean failed, boolean slow) {}

    private record Counted(long at, Outcome outcome) {}

    @Provide
    Arbitrary<List<Outcome>> histories() {
        var rare = Arbitraries.frequencyOf(Tuple.of(4, Arbitraries.just(false)), Tuple.of(1, Arbitraries.just(true)));
        var pauses = Arbitraries.frequencyOf(
                Tuple.of(20, Arbitraries.integers().between(0, 150)),
                Tuple.of(1, Arbitraries.integers().between(150, 3_000)));
        return Combinators.combine(pauses, Arbitraries.integers().between(0, STRIPES - 1), rare, rare)
                .as(Outcome::new)
                .list()
                .ofMaxSize(150);
    }

    /** Outcomes of the last ten buckets count, and no others. */
    @Property
    void the_time_based_window_equals_a_simple_model(@ForAll("histories") List<Outcome> history, @ForAll long start) {
        for (int stripes : new int[] {1, STRIPES}) {
            var window = new TimeWindow(WINDOW, stripes, start);
            List<Counted> all = new ArrayList<>();
            replay(
                    window,
                    stripes,
                    start,
                    history,
                    all,
                    now -> all.stream()
                            .filter(c -> (now - start) / BUCKET - (c.at - start) / BUCKET < 10)
                            .toList());
        }
    }

    /** The last outcomes count, up to the size of the window, and no others. */
    @Property
    void the_count_based_window_equals_a_simple_model(
            @ForAll("histories") List<Outcome> history, @ForAll @IntRange(min = 1, max = 80) int capacity) {
        for (int stripes : new int[] {1, STRIPES}) {
            var window = new CountWindow(capacity, stripes, 0);
            List<Counted> all = new ArrayList<>();
            replay(window, stripes, 0, history, all, _ -> all.subList(Math.max(0, all.size() - capacity), all.size()));
        }
    }

    private interface Model {
        List<Counted> within(long now);
    }

    private static void replay(
            OutcomeWindow window, int stripes, long start, List<Outcome> history, List<Counted> all, Model model) {
        long now = start;
        for (Outcome outcome : history) {
            now += outcome.pause;
            if (now == OutcomeWindow.NEVER) {
                now++; // the one nanosecond in 584 years that means "never"
            }
            all.add(new Counted(now, outcome));
            if (outcome.failed || outcome.slow) {
                assertThat(window.add(outcome.failed, outcome.slow, now)).isEqualTo(counts(all, model.within(now)));
            } else {
                window.succeeded(outcome.stripe % stripes, now);
                assertThat(window.lastSuccess()).isEqualTo(now);
                // Reading collects the stripes, so read only sometimes: successes not yet collected must count too.
                if (outcome.pause % 3 == 0) {
                    assertThat(window.counts(now)).isEqualTo(counts(all, model.within(now)));
                }
            }
        }
        assertThat(window.counts(now)).isEqualTo(counts(all, model.within(now)));
    }

    private static OutcomeWindow.Counts counts(List<Counted> all, List<Counted> within) {
        int inRow = 0;
        while (inRow < all.size() && all.get(all.size() - 1 - inRow).outcome.failed) {
            inRow++;
        }
        return new OutcomeWindow.Counts(
                within.size(),
                within.stream().filter(c -> c.outcome.failed).count(),
                within.stream().filter(c -> c.outcome.slow).count(),
                inRow);
    }
}
