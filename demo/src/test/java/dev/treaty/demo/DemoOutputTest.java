package dev.treaty.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.demo.DemoReport.Machine;
import dev.treaty.demo.InjectedFault.Plan;
import dev.treaty.demo.ScreenView.Size;
import dev.treaty.demo.ShopInstance.Condition;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

/** What the demo prints: on a terminal, line by line, and at the end. */
class DemoOutputTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final Machine MACHINE = new Machine(2, 11, 150);
    private static final Size SMALL = new Size(80, 24);

    private final StringWriter printed = new StringWriter();
    private final PrintWriter out = new PrintWriter(printed, true);

    /** All faults of a demo of thirty seconds, of which those have begun that are due before a time. */
    private static List<InjectedFault> faults(double untilSeconds) {
        return Stream.of(Plan.values())
                .map(plan -> {
                    var fault = new InjectedFault(plan);
                    if (plan.from * 30 < untilSeconds) {
                        fault.begin((long) (plan.from * 30 * SECOND));
                        for (int i = 0; i < 2_000; i++) {
                            fault.count(29 * SECOND, 1234 * SECOND / 1_000, false, false);
                        }
                    }
                    if (plan.to > plan.from && plan.to * 30 < untilSeconds) {
                        fault.end((long) (plan.to * 30 * SECOND));
                    }
                    return fault;
                })
                .toList();
    }

    /** A frame with values of the greatest length that is likely. */
    private static DemoView.Frame frame(double seconds, String breaker) {
        var totals = new CallTotals();
        for (int i = 0; i < 18_000; i++) {
            totals.add(1234 * SECOND / 1_000, false, false);
        }
        var instances = new ArrayList<DemoView.Instance>();
        for (int i = 1; i <= 12; i++) {
            var load = new DemoView.Load(1_000, 1234.5, 1234.5);
            instances.add(new DemoView.Instance(
                    "recommendations-" + i % 10,
                    "1.1.0",
                    1_234_567,
                    Condition.DRAINING,
                    "critical",
                    breaker,
                    Optional.of(load)));
        }
        return new DemoView.Frame(
                (long) (seconds * SECOND),
                30 * SECOND,
                MACHINE.toString(),
                "zookeeper://127.0.0.1:12345",
                totals.summary(),
                totals.summary(),
                instances,
                faults(seconds));
    }

    private List<String> screen(double seconds, Size size) {
        return new ScreenView(out, Ansi.OFF).lines(frame(seconds, "half_open"), size);
    }

    @Test
    void the_screen_fits_80_columns_and_24_rows_at_any_moment() {
        for (double seconds = 0; seconds < 30; seconds += 0.5) {
            assertThat(screen(seconds, SMALL))
                    .hasSizeLessThanOrEqualTo(24)
                    .allSatisfy(line -> assertThat(line).hasSizeLessThan(80));
        }
    }

    @Test
    void a_small_screen_shows_the_latest_faults() {
        assertThat(screen(26.5, SMALL).getLast()).contains("26.1 s  replaces orders-2", "◀ now");
    }

    @Test
    void a_large_screen_shows_all_faults_with_their_effects_and_process_ids() {
        List<String> lines = screen(4, new Size(120, 50));

        assertThat(lines).anySatisfy(line -> assertThat(line).contains("recommendations-1 (1234567)"));
        assertThat(lines)
                .anySatisfy(line -> assertThat(line).contains("kills inventory-2", "◀ now", "retries hide it"));
        assertThat(lines.getLast()).contains("replaces orders-2").doesNotContain(" s ");
    }

    @Test
    void without_a_terminal_each_fault_has_a_line_and_excluded_instances_are_named() {
        var view = new LineView(out);
        view.show(frame(4, "ejected"));
        view.show(frame(4.5, "closed"));

        assertThat(printed.toString().lines().toList())
                .satisfiesExactly(
                        line -> assertThat(line).contains("3.9 s  kills inventory-2 (SIGKILL): retries hide it"),
                        line -> assertThat(line).contains("18000 calls, 0 failed, 0 late", "recommendations-1 ejected"),
                        line -> assertThat(line).doesNotContain("ejected"));
    }

    @Test
    void a_closed_view_prints_nothing_after_its_last_line() {
        var view = new LineView(out);
        view.close("interrupted");
        view.print("more");
        view.show(frame(4, "closed"));

        assertThat(printed.toString().lines()).containsExactly("interrupted");
    }

    private static DemoReport report(double untilSeconds, List<OpenLoop.Failed> failures) {
        var totals = new CallTotals();
        for (int i = 0; i < 4_500; i++) {
            totals.add(SECOND / 100, i < failures.size(), false);
        }
        return new DemoReport(
                30 * SECOND,
                MACHINE,
                totals.summary(),
                faults(untilSeconds),
                failures,
                new FabricCounts(1_000, 1_010, 10, 1, 2, 3),
                List.of());
    }

    @Test
    void the_report_names_the_load_and_fits_80_columns() {
        report(30, List.of()).print(out, Ansi.OFF);

        assertThat(printed.toString())
                .contains("4500 calls in 30.0 s: no call failed, none was late")
                .contains("2 processors, 11 processes: 150 calls/s")
                .contains("1.010 per call, 10 retries")
                .contains("1 call answered, 2 ejections, 3 calls mirrored")
                .doesNotContain("never");
        assertThat(printed.toString().lines())
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
    }

    @Test
    void the_report_has_a_row_for_each_fault_that_did_not_happen_in_time() {
        DemoReport report = report(20, List.of());
        report.print(out, Ansi.OFF);

        assertThat(printed.toString().lines().filter(line -> line.startsWith("never ")))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("replaces orders-"));
        assertThat(printed.toString()).contains("never: did not happen in time", "to end  tries orders-3");
        var last = (Map<?, ?>) ((List<?>) report.fields().get("faults")).getLast();
        assertThat(last.get("begun")).isEqualTo(false);
        assertThat(last.containsKey("calls")).isFalse();
    }

    @Test
    void the_report_lists_failures_with_their_reasons() {
        var failure = new OpenLoop.Failed(1.5, "browse", Fault.of(Code.UNAVAILABLE, "no instance"));
        DemoReport report = report(30, List.of(failure));
        report.print(out, Ansi.OFF);

        assertThat(report.successful()).isFalse();
        assertThat(printed.toString()).contains("1 call failed", "1.50 s  browse    ", "no instance");
        assertThat((List<?>) report.fields().get("failures")).hasSize(1);
    }
}
