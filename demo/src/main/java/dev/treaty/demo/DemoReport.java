package dev.treaty.demo;

import dev.treaty.cli.output.Durations;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.demo.CallTotals.Summary;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/**
 * What a demo came to.
 *
 * @param nanos how long the load lasted
 * @param total all calls
 * @param calm the calls before the first fault
 * @param faults what was done
 * @param failures the first calls that failed
 * @param counts what all processes of the fabric counted
 */
record DemoReport(
        long nanos,
        Summary total,
        Summary calm,
        List<InjectedFault> faults,
        List<OpenLoop.Failed> failures,
        FabricCounts counts) {

    boolean allKept() {
        return total.failed() == 0 && total.calls() > 0;
    }

    /** As a JSON object. */
    Map<String, Object> fields() {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("seconds", Math.round(nanos / 1e7) / 100.0);
        fields.putAll(total.fields());
        fields.put("attemptsPerCall", counts.attemptsPerCall());
        fields.put("retries", counts.retries());
        fields.put("fallbacks", counts.fallbacks());
        fields.put("ejections", counts.ejections());
        fields.put("mirrored", counts.mirrored());
        fields.put("calm", calm.fields());
        fields.put("faults", faults.stream().map(f -> f.fields(nanos)).toList());
        fields.put("failures", failures.stream().map(DemoReport::fields).toList());
        return fields;
    }

    private static Map<String, Object> fields(OpenLoop.Failed failure) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("atSeconds", failure.atSeconds());
        fields.put("operation", failure.operation());
        fields.put("code", failure.fault().code().wire());
        fields.put("message", failure.fault().message());
        return fields;
    }

    /** For people. */
    void print(PrintWriter out, Ansi ansi) {
        out.println();
        String verdict = total.failed() == 0 ? "no call failed" : count(total.failed(), "call") + " failed";
        out.println(count(total.calls(), "call") + " in %.1f s: ".formatted(nanos / 1e9)
                + (allKept() ? Style.GOOD : Style.FAULT).paint(ansi, verdict)
                + ", " + (total.late() == 0 ? "none was late" : count(total.late(), "call") + " came late"));
        out.println("latency       p50 " + Durations.text(total.p50()) + "   p99 " + Durations.text(total.p99())
                + "   max " + Durations.text(total.max()));
        out.println("per call      " + String.format(Locale.ROOT, "%.3f", counts.attemptsPerCall())
                + " attempts; in all services together " + count(counts.retries(), "retry")
                + ", " + count(counts.fallbacks(), "fallback") + " served, " + count(counts.ejections(), "ejection")
                + ", "
                + count(counts.mirrored(), "call") + " mirrored");
        out.println();
        var table = new Table(">AT", ">FOR", "WHAT WAS DONE", ">CALLS", ">FAILED", ">LATE", ">P50", ">P99", ">MAX");
        row(table, 0, faults.isEmpty() ? nanos / 1e9 : faults.getFirst().startNanos() / 1e9, "nothing", calm);
        for (InjectedFault fault : faults) {
            row(
                    table,
                    fault.startNanos() / 1e9,
                    fault.seconds(nanos),
                    fault.description() + (fault.over() ? "" : ", cut short by the end"),
                    fault.summary());
        }
        table.print(out, ansi);
        if (!failures.isEmpty()) {
            out.println();
            out.println(Style.FAULT.paint(
                    ansi, "calls that failed" + (total.failed() > failures.size() ? ", the first of them" : "")));
            failures.forEach(f -> out.println(
                    String.format(Locale.ROOT, "%6.2f s  %-8s  %s", f.atSeconds(), f.operation(), f.fault())));
        }
    }

    private static void row(Table table, double at, double seconds, String what, Summary summary) {
        table.row()
                .cell(String.format(Locale.ROOT, "%.1f s", at))
                .cell(String.format(Locale.ROOT, "%.1f s", seconds))
                .cell(what)
                .cell(Long.toString(summary.calls()))
                .cell(Long.toString(summary.failed()), summary.failed() == 0 ? Style.PLAIN : Style.FAULT)
                .cell(Long.toString(summary.late()), summary.late() == 0 ? Style.PLAIN : Style.FAULT)
                .cell(Durations.text(summary.p50()))
                .cell(Durations.text(summary.p99()))
                .cell(Durations.text(summary.max()));
    }

    private static String count(long number, String what) {
        String plural = what.endsWith("y") ? what.substring(0, what.length() - 1) + "ies" : what + "s";
        return number + " " + (number == 1 ? what : plural);
    }
}
