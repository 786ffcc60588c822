package dev.treaty.demo;

import dev.treaty.cli.output.Durations;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Help.Ansi;

/** Shows a demo on a terminal: one picture, drawn anew four times a second, on the screen behind the usual one. */
final class ScreenView implements DemoView {
    private static final Duration INTERVAL = Duration.ofMillis(250);
    private static final int BAR = 40;

    private static final String ENTER = "\u001b[?1049h\u001b[?25l\u001b[2J";
    private static final String LEAVE = "\u001b[?25h\u001b[?1049l";
    private static final String HOME = "\u001b[H";
    private static final String CLEAR_LINE = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";

    private final PrintWriter out;
    private final Ansi ansi;
    private boolean entered;

    ScreenView(PrintWriter out, Ansi ansi) {
        this.out = out;
        this.ansi = ansi;
    }

    /** True where somebody looks at what we print. */
    @SuppressWarnings("SystemConsoleNull") // it does return null, where nobody looks on
    static boolean terminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    @Override
    public Duration interval() {
        return INTERVAL;
    }

    @Override
    public void tell(String line) {
        out.println(line);
    }

    @Override
    public void show(Frame frame) {
        var lines = new ArrayList<String>();
        head(frame, lines);
        lines.add("");
        lines.addAll(instances(frame).lines(ansi));
        lines.add("");
        faults(frame, lines);
        draw(lines);
    }

    private void head(Frame frame, List<String> lines) {
        int done = (int) Math.min(BAR, BAR * frame.nanos() / frame.durationNanos());
        lines.add(Style.HEADING.paint(ansi, "treaty demo")
                + String.format(Locale.ROOT, "   %.1f s of %.0f s   ", frame.nanos() / 1e9, frame.durationNanos() / 1e9)
                + Style.GOOD.paint(ansi, "━".repeat(done))
                + Style.FAINT.paint(ansi, "━".repeat(BAR - done)));
        lines.add(Style.FAINT.paint(
                ansi, frame.rate() + " calls a second through the storefront; registry " + frame.registry()));
        lines.add("");
        CallTotals.Summary total = frame.total();
        lines.add("all   " + total.calls() + " calls   "
                + count(total.failed(), "failed") + "   " + count(total.late(), "late")
                + "   p50 " + Durations.text(total.p50()) + "   p99 " + Durations.text(total.p99())
                + "   max " + Durations.text(total.max()));
        CallTotals.Summary recent = frame.recent();
        lines.add("now   " + Math.round(recent.calls() * 1e9 / INTERVAL.toNanos()) + " calls/s   p50 "
                + Durations.text(recent.p50()) + "   p99 " + Durations.text(recent.p99()) + "   max "
                + Durations.text(recent.max()));
    }

    private String count(long number, String what) {
        return (number == 0 ? Style.GOOD : Style.FAULT).paint(ansi, number + " " + what);
    }

    private static Table instances(Frame frame) {
        var table = new Table("PROCESS", "VERSION", ">PID", "STATE", "HEALTH", "STANDING", ">CALLS/S", ">P50", ">P99");
        for (Instance instance : frame.instances()) {
            ShopInstance process = instance.process();
            Table.Row row = table.row()
                    .cell(process.name())
                    .cell(process.ready().map(ShopInstance.Ready::version).orElse(""))
                    .cell(Long.toString(process.child().pid()))
                    .cell(
                            process.condition().name().toLowerCase(Locale.ROOT),
                            process.condition().style())
                    .cell(instance.health(), instance.health().equals("passing") ? Style.GOOD : Style.WARNING)
                    .cell(instance.breaker(), instance.breaker().equals("closed") ? Style.GOOD : Style.FAULT);
            instance.load()
                    .ifPresent(load -> row.cell(String.format(Locale.ROOT, "%.0f", load.rate()))
                            .cell(String.format(Locale.ROOT, "%.1f ms", load.p50Millis()))
                            .cell(String.format(Locale.ROOT, "%.1f ms", load.p99Millis())));
        }
        return table;
    }

    private void faults(Frame frame, List<String> lines) {
        for (InjectedFault fault : frame.faults()) {
            String line = String.format(Locale.ROOT, "%5.1f s  %s", fault.startNanos() / 1e9, fault.description());
            lines.add(
                    fault.over()
                            ? line
                                    + Style.FAINT.paint(
                                            ansi,
                                            String.format(
                                                    Locale.ROOT, "  over after %.1f s", fault.seconds(frame.nanos())))
                            : Style.ACTION.paint(ansi, line + "  ◀ now"));
        }
    }

    private void draw(List<String> lines) {
        var picture = new StringBuilder(entered ? HOME : ENTER + HOME);
        entered = true;
        for (String line : lines) {
            picture.append(line).append(CLEAR_LINE).append("\r\n");
        }
        out.print(picture.append(CLEAR_BELOW));
        out.flush();
    }

    @Override
    public void close() {
        if (entered) {
            entered = false;
            out.print(LEAVE);
            out.flush();
        }
    }
}
