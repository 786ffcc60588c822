package dev.treaty.balance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.ManualTime;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LeastLoadedTest {
    private final Random random = new Random(42);
    private final LeastLoaded picker = new LeastLoaded(random);

    private record Fleet(int[] loads, boolean[] open) implements Candidates {
        static Fleet of(int size) {
            var open = new boolean[size];
            Arrays.fill(open, true);
            return new Fleet(new int[size], open);
        }

        @Override
        public int size() {
            return loads.length;
        }

        @Override
        public String id(int index) {
            return "i" + index;
        }

        @Override
        public boolean available(int index) {
            return open[index];
        }

        @Override
        public int inFlight(int index) {
            return loads[index];
        }
    }

    private Call call() {
        var context = CallContext.next(Principal.ANONYMOUS, new ManualTime(), random);
        return new Call(new ServiceName("test"), Operation.unknown("op"), List.of(), context);
    }

    @Test
    void spreadsEvenlyWhereLoadsAreKept() {
        var fleet = Fleet.of(10);
        for (int i = 0; i < 100_000; i++) {
            fleet.loads[picker.pick(fleet, call())]++;
        }
        assertThat(Arrays.stream(fleet.loads).max().getAsInt()
                        - Arrays.stream(fleet.loads).min().getAsInt())
                .isLessThan(10);
    }

    @Test
    void neverPicksTheMoreLoadedOfTwo() {
        var fleet = Fleet.of(2);
        fleet.loads[0] = 1;
        for (int i = 0; i < 1_000; i++) {
            assertThat(picker.pick(fleet, call())).isEqualTo(1);
        }
    }

    @Test
    void neverPicksWhatTakesNoCallsHoweverFewAreLeft() {
        var fleet = Fleet.of(50);
        Arrays.fill(fleet.open, false);
        fleet.open[37] = true;
        fleet.loads[37] = 1_000;
        for (int i = 0; i < 1_000; i++) {
            assertThat(picker.pick(fleet, call())).isEqualTo(37);
        }
        fleet.open[37] = false;
        assertThat(picker.pick(fleet, call())).isEqualTo(LoadBalancer.NONE);
        assertThat(picker.pick(Fleet.of(0), call())).isEqualTo(LoadBalancer.NONE);
    }

    @Test
    void aRetryGoesElsewhereWhileThereIsAnElsewhere() {
        var fleet = Fleet.of(3);
        var call = call();
        call.context().record().attempted("i0", 1, Fault.of(Code.UNAVAILABLE, "broke"));
        call.context().record().attempted("i2", 1, Fault.of(Code.UNAVAILABLE, "broke"));
        for (int i = 0; i < 1_000; i++) {
            assertThat(picker.pick(fleet, call)).isEqualTo(1);
        }
        fleet.open[1] = false;
        assertThat(picker.pick(fleet, call)).isIn(0, 2);
    }
}
