package dev.treaty.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ReportTest {
    private static final Figure THROUGHPUT = Figure.higher("throughput", "calls/s");
    private static final Figure CPU = Figure.lower("cpu", "µs/call");
    private static final Figure ERRORS = Figure.counted("errors");

    private static Sample sample(String subject, int round, double throughput, double cpu, double errors) {
        return new Sample(subject, "c128", round, Map.of("throughput", throughput, "cpu", cpu, "errors", errors));
    }

    private static Report report(Sample... samples) {
        return Report.of("call", List.of("How."), List.of(THROUGHPUT, CPU, ERRORS), "treaty", List.of(samples));
    }

    @Test
    void ratios_are_above_one_where_treaty_is_better_whichever_way_aFigure_goes() {
        assertThat(report(sample("treaty", 0, 100, 20, 0), sample("grpc", 0, 50, 60, 0))
                        .ratios())
                .containsExactly(entry("grpc.c128.throughput", 2.0), entry("grpc.c128.cpu", 3.0));
    }

    @Test
    void ratios_are_below_one_where_aPeer_is_better() {
        assertThat(report(sample("raw", 0, 200, 5, 0), sample("treaty", 0, 100, 20, 0))
                        .ratios())
                .containsExactly(entry("raw.c128.throughput", 0.5), entry("raw.c128.cpu", 0.25));
    }

    @Test
    void a_round_is_compared_with_the_same_round_of_the_peer() {
        // In the second round the machine was slow, for both alike.
        Report report = report(
                sample("treaty", 0, 100, 1, 0), sample("grpc", 0, 50, 1, 0),
                sample("treaty", 1, 10, 1, 0), sample("grpc", 1, 5, 1, 0),
                sample("treaty", 2, 80, 1, 0), sample("grpc", 2, 20, 1, 0));
        assertThat(report.ratios()).containsEntry("grpc.c128.throughput", 2.0);
    }

    @Test
    void nothing_is_divided_by_zero() {
        assertThat(report(sample("treaty", 0, 100, 0, 0), sample("grpc", 0, 0, 5, 9))
                        .ratios())
                .isEmpty();
    }

    @Test
    void what_was_not_measured_is_left_out() {
        Report report = report(
                sample("treaty", 0, 100, 20, 0),
                new Sample("grpc", "c128", 0, Map.of("throughput", 0.0, "errors", 7.0)));
        assertThat(report.ratios()).isEmpty();
        assertThat(report.rows().get(1).figures()).containsOnlyKeys("throughput", "errors");
        assertThatThrownBy(() -> new Sample("grpc", "c1", 0, Map.of("p50", Double.NaN)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("grpc.c1.p50");
    }

    @Test
    void a_row_has_the_median_and_the_range_and_the_sum_of_what_is_counted() {
        Report report = report(sample("grpc", 0, 10, 4, 1), sample("grpc", 1, 90, 2, 0), sample("grpc", 2, 20, 8, 3));
        assertThat(report.rows())
                .containsExactly(new Report.Row(
                        "grpc",
                        "c128",
                        Map.of(
                                "throughput", new Report.Spread(20, 10, 90),
                                "cpu", new Report.Spread(4, 2, 8),
                                "errors", new Report.Spread(4, 0, 3))));
        assertThat(report(sample("grpc", 0, 10, 4, 0), sample("grpc", 1, 20, 2, 0))
                        .rows()
                        .getFirst()
                        .figures())
                .containsEntry("throughput", new Report.Spread(15, 10, 20));
    }

    @Test
    void json_has_rows_and_ratios() {
        JsonNode json = JsonMapper.builder()
                .build()
                .readTree(report(sample("treaty", 0, 100.123456789, 20, 1), sample("grpc", 0, 50, 60, 0))
                        .json());
        assertThat(json.propertyNames()).containsExactly("benchmark", "about", "figures", "rows", "ratios");
        assertThat(json.at("/benchmark").asString()).isEqualTo("call");
        assertThat(json.at("/about/0").asString()).isEqualTo("How.");
        assertThat(json.at("/figures/cpu/unit").asString()).isEqualTo("µs/call");
        assertThat(json.at("/figures/cpu/kind").asString()).isEqualTo("LOWER_IS_BETTER");
        assertThat(json.at("/rows")).hasSize(2);
        assertThat(json.at("/rows/0/subject").asString()).isEqualTo("treaty");
        assertThat(json.at("/rows/0/setting").asString()).isEqualTo("c128");
        assertThat(json.at("/rows/0/figures/throughput").asDouble()).isEqualTo(100.123);
        assertThat(json.at("/rows/0/figures/errors").asDouble()).isEqualTo(1);
        assertThat(json.at("/rows/0/min/cpu").asDouble()).isEqualTo(20);
        assertThat(json.at("/rows/0/max/cpu").asDouble()).isEqualTo(20);
        assertThat(json.at("/ratios").propertyNames()).containsExactly("grpc.c128.throughput", "grpc.c128.cpu");
        assertThat(json.at("/ratios/grpc.c128.cpu").asDouble()).isEqualTo(3);
    }

    @Test
    void table_shows_figures_by_subject_and_ratios_by_peer() {
        assertThat(report(sample("treaty", 0, 12_345, 20.54, 0), sample("grpc", 0, 6_172.5, 61.62, 3))
                        .table())
                .isEqualTo("""
                    How.

                    c128                                   treaty                     grpc
                    throughput, calls/s   12,345   12,345..12,345   6,173     6,173..6,173
                    cpu, µs/call            20.5       20.5..20.5    61.6       61.6..61.6
                    errors                                      0                        3

                    Treaty against the others, above 1 where Treaty is better

                                throughput    cpu
                    grpc.c128         2.00   3.00
                    """);
    }
}
