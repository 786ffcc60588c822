package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Priority;
import dev.treaty.core.time.ManualTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class ConcurrencyLimiterLawsTest {
    private static final List<Priority> PRIORITIES = List.of(Priority.values());

    /** Compares with a simple model of two numbers, for any history of calls and changes of the limit. */
    @Property(tries = 300)
    void admits_the_same_calls_as_a_simple_model(
            @ForAll @Size(max = 150) List<@IntRange(max = 9) Integer> steps,
            @ForAll @IntRange(min = 1, max = 20) int first,
            @ForAll @IntRange(max = 2) int stripeBits) {
        int limit = first;
        int inFlight = 0;
        var limiter = new ConcurrencyLimiter(ConcurrencyPolicy.fixed(limit), new ManualTime(), 1 << stripeBits);
        for (int i = 0; i < steps.size(); i++) {
            int step = steps.get(i);
            if (step < 6) {
                Priority priority = PRIORITIES.get(step % 3);
                int allowed = priority == Priority.SHEDDABLE ? Math.max(1, limit * 3 / 4) : limit;
                boolean admitted = limiter.tryAcquire(priority);
                assertThat(admitted).as("step %d of %s", i, steps).isEqualTo(inFlight < allowed);
                inFlight += admitted ? 1 : 0;
            } else if (step < 9 && inFlight > 0) {
                limiter.release();
                inFlight--;
            } else if (step == 9) {
                limit = 1 + (31 * i + limit) % 20;
                limiter.change(ConcurrencyPolicy.fixed(limit));
            }
            assertThat(limiter.inFlight()).isEqualTo(inFlight);
            assertThat(limiter.limit()).isEqualTo(limit);
        }
        for (; inFlight > 0; inFlight--) {
            limiter.release();
        }
        for (; inFlight < limit; inFlight++) {
            assertThat(limiter.tryAcquire()).as("no permit was lost").isTrue();
        }
        assertThat(limiter.tryAcquire()).as("no permit was added").isFalse();
    }

    @Property(tries = 50)
    void admits_waiting_calls_by_priority_and_then_by_arrival(@ForAll @Size(min = 1, max = 12) List<Priority> calls)
            throws InterruptedException {
        var waiting = new Waiting(12);
        for (int i = 0; i < calls.size(); i++) {
            waiting.start(calls.get(i));
        }
        waiting.releaseAll();
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            expected.add(i);
        }
        expected.sort(Comparator.comparing(calls::get)); // a stable sort
        assertThat(waiting.admitted()).isEqualTo(expected);
        assertThat(waiting.refused()).isEmpty();
    }

    /** Compares with a simple model, a sorted list. */
    @Property(tries = 50)
    void a_full_queue_displaces_the_last_call_of_the_lowest_priority(
            @ForAll @Size(min = 1, max = 12) List<Priority> calls, @ForAll @IntRange(min = 1, max = 5) int queue)
            throws InterruptedException {
        var waiting = new Waiting(queue);
        List<Integer> line = new ArrayList<>();
        List<Integer> shed = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            waiting.start(calls.get(i));
            line.add(i);
            line.sort(Comparator.comparing(calls::get));
            if (line.size() > queue) {
                shed.add(line.removeLast());
            }
            assertThat(waiting.refused()).isEqualTo(shed);
        }
        waiting.releaseAll();
        assertThat(waiting.admitted()).isEqualTo(line);
    }
}
