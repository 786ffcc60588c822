package dev.treaty.demo;

import dev.treaty.cli.output.Durations;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.core.text.PrintableText;
import dev.treaty.demo.CallTotals.Summary;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/**
 * The result of a demo.
 *
 * @param nanos how long the load lasted
 * @param machine the machine and the rate
 * @param total all calls
 * @param faults the time before the first fault, and all planned faults, including those that did not begin in time
 * @param failures the first calls that failed
 * @param counts what all clients counted
 * @param problems what the demo could not do
 */
record DemoReport(
        long nanos,
        Machine machine,
        Summary total,
        List<InjectedFault> faults,
        List<OpenLoop.Failed> failures,
        FabricCounts counts,
        List<String> problems) {

    /** The processors and processes of a demo, and the calls per second that they get. */
    record Machine(int processors, int processes, int rate) {
        @Override
        public String toString() {
            return count(processors, "processor") + ", " + processes + " processes: " + rate + " calls/s";
        }
    }

    /** Returns true if there were calls, and none failed. */
    boolean successful() {
        return total.failed() == 0 && total.calls() > 0;
    }

    /** Returns the fields of a JSON object. */
    Map<String, Object> fields() {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("seconds", InjectedFault.seconds(nanos));
        fields.put("processors", machine.processors);
        fields.put("processes", machine.processes);
        fields.put("callsPerSecond", machine.rate);
        fields.putAll(total.fields());
        fields.put("attemptsPerCall", counts.attemptsPerCall());
        fields.put("retries", counts.retries());
        fields.put("fallbacks", counts.fallbacks());
        fields.put("ejections", counts.ejections());
        fields.put("mirrored", counts.mirrored());
        fields.put("calm", faults.getFirst().summary().fields());
        fields.put("faults", faults.stream().skip(1).map(f -> f.fields(nanos)).toList());
        fields.put("failures", failures.stream().map(DemoReport::fields).toList());
        fields.put("problems", problems);
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

    /** Prints the report as text of at most 80 columns. */
    void print(PrintWriter out, Ansi ansi) {
        String verdict = total.failed() == 0 ? "no call failed" : count(total.failed(), "call") + " failed";
        out.println();
        out.println(DemoView.format("%s in %.1f s: ", count(total.calls(), "call"), nanos / 1e9)
                + (successful() ? Style.GOOD : Style.FAULT).paint(ansi, verdict) + ", "
                + (total.late() == 0 ? "none was late" : count(total.late(), "call") + " came late"));
        out.println("load          " + machine);
        out.println("latency       " + total.latencies());
        out.println(DemoView.format("attempts      %.3f per call, ", counts.attemptsPerCall())
                + counts.retries()
                + (counts.retries() == 1 ? " retry" : " retries"));
        out.println("fallbacks     " + count(counts.fallbacks(), "call") + " answered, "
                + count(counts.ejections(), "ejection") + ", " + count(counts.mirrored(), "call") + " mirrored");
        out.println();
        var table = new Table(">AT S", ">FOR S", "WHAT HAPPENED", ">CALLS", ">FAILED", ">LATE", ">P50 MS", ">P99 MS");
        faults.forEach(fault -> row(table, fault));
        table.print(out, ansi);
        if (!faults.stream().allMatch(fault -> fault.begun(nanos))) {
            out.println("never: did not happen in time; a longer --for leaves more time");
        }
        problems.forEach(out::println);
        if (!failures.isEmpty()) {
            out.println();
            out.println(Style.FAULT.paint(
                    ansi, total.failed() > failures.size() ? "the first calls that failed" : "the calls that failed"));
            failures.forEach(f -> out.println(DemoView.format(
                    "%6.2f s  %-8s  %s",
                    f.atSeconds(), f.operation(), PrintableText.line(f.fault().toString()))));
        }
    }

    private void row(Table table, InjectedFault fault) {
        if (!fault.begun(nanos)) {
            table.row("never", "", fault.plan().description);
            return;
        }
        Summary calls = fault.summary();
        String length = fault.ended() ? DemoView.format("%.1f", fault.lengthSeconds(nanos)) : "to end";
        table.row(DemoView.format("%.1f", fault.startSeconds()), length, fault.plan().description, calls.calls())
                .cell(Long.toString(calls.failed()), calls.failed() == 0 ? Style.PLAIN : Style.FAULT)
                .cell(Long.toString(calls.late()), calls.late() == 0 ? Style.PLAIN : Style.FAULT)
                .cells(withoutUnit(calls.p50()), withoutUnit(calls.p99()));
    }

    private static String withoutUnit(long nanos) {
        return Durations.text(nanos).replace(" ms", "");
    }

    private static String count(long number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
