package dev.treaty.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ApertureTest {
    private static long[] hashes(int count) {
        return LongStream.range(0, count).map(HashPolicy::mix).toArray();
    }

    @Property(tries = 200)
    void every_instance_gets_the_same_load_and_every_client_enough_instances(
            @ForAll @IntRange(min = 1, max = 120) int clients,
            @ForAll @IntRange(min = 1, max = 300) int instances,
            @ForAll @IntRange(min = 1, max = 60) int size) {
        var load = new double[instances];
        for (int client = 0; client < clients; client++) {
            float[] parts = Aperture.parts(hashes(instances), size, client, clients);
            double sum =
                    IntStream.range(0, instances).mapToDouble(i -> parts[i]).sum();
            long called =
                    IntStream.range(0, instances).filter(i -> parts[i] > 0).count();
            assertThat(called).isGreaterThanOrEqualTo(Math.min(size, instances));
            for (int i = 0; i < instances; i++) {
                assertThat(parts[i]).isBetween(0f, 1.001f);
                load[i] += parts[i] / sum; // distributed by the parts of its instances
            }
        }
        double mean = (double) clients / instances;
        for (double each : load) {
            assertThat(each).isCloseTo(mean, within(mean * 0.1));
        }
    }

    @Property(tries = 200)
    void connections_are_bounded(
            @ForAll @IntRange(min = 20, max = 200) int clients,
            @ForAll @IntRange(min = 50, max = 500) int instances,
            @ForAll @IntRange(min = 5, max = 40) int size) {
        for (int client = 0; client < clients; client += 7) {
            float[] parts = Aperture.parts(hashes(instances), size, client, clients);
            long called =
                    IntStream.range(0, instances).filter(i -> parts[i] > 0).count();
            // The size, rounded up to whole client intervals, and a partial instance at either end.
            assertThat(called).isLessThanOrEqualTo(size + (long) Math.ceil((double) instances / clients) + 2);
        }
    }

    @Property(tries = 100)
    void adding_an_instance_moves_few_connections(
            @ForAll @IntRange(min = 2, max = 60) int clients,
            @ForAll @IntRange(min = 30, max = 300) int instances,
            @ForAll @IntRange(min = 5, max = 25) int size) {
        long[] before = hashes(instances);
        long[] after = hashes(instances + 1);
        double units = Math.ceil((double) size / instances * clients);
        double unitsAfter = Math.ceil((double) size / (instances + 1) * clients);
        if (units != unitsAfter) {
            return; // the size of an aperture changes in steps of one client interval
        }
        long moved = 0;
        for (int client = 0; client < clients; client++) {
            float[] was = Aperture.parts(before, size, client, clients);
            float[] is = Aperture.parts(after, size, client, clients);
            moved += IntStream.range(0, instances)
                    .filter(i -> (was[i] > 0) != (is[i] > 0))
                    .count();
        }
        assertThat(moved).isLessThanOrEqualTo(3L * clients);
    }

    @Test
    void without_a_size_or_with_few_instances_all_are_called() {
        assertThat(Aperture.parts(hashes(9), 0, 2, 5)).containsOnly(1f);
        assertThat(Aperture.parts(hashes(9), 9, 2, 5)).containsOnly(1f);
        assertThat(Arrays.equals(Aperture.parts(hashes(9), 3, 2, 5), Aperture.parts(hashes(9), 3, 3, 5)))
                .isFalse();
    }
}
