package dev.treaty.demo;

import dev.treaty.cli.output.Durations;
import dev.treaty.cli.output.Style;
import dev.treaty.cli.output.Table;
import dev.treaty.core.text.PrintableText;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Scanner;
import picocli.CommandLine.Help.Ansi;

/**
 * Shows a demo on a terminal: a picture that is drawn four times a second, on the alternate screen. It fits 80 columns
 * and 24 rows. A larger terminal shows more about faults, and the ids of the processes.
 */
final class ScreenView extends DemoView {
    private static final Duration INTERVAL = Duration.ofMillis(250);

    /** How many frames are drawn between two reads of the size of the terminal. */
    private static final int FRAMES_PER_SIZE = 8;

    /** The number of columns from which on the ids of processes are shown. */
    private static final int WIDE = 90;

    private static final int BREAKER_LENGTH_MAX = 9;

    private static final String ENTER = "\u001b[?1049h\u001b[?25l";
    private static final String LEAVE = "\u001b[?25h\u001b[?1049l";
    private static final String HOME = "\u001b[H";
    private static final String CLEAR_LINE = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";

    private final Ansi ansi;
    private Size size = Size.USUAL;
    private int frames;

    /** The size of a terminal. */
    record Size(int columns, int rows) {
        static final Size USUAL = new Size(80, 24);

        /** Asks {@code stty}, which every system with a terminal has. */
        static Size ofTerminal() {
            try {
                var stty = new ProcessBuilder("sh", "-c", "stty size </dev/tty 2>/dev/null").start();
                var output = new Scanner(stty.getInputStream(), StandardCharsets.US_ASCII);
                int rows = output.hasNextInt() ? output.nextInt() : 0;
                int columns = output.hasNextInt() ? output.nextInt() : 0;
                return rows > 0 && columns > 0 ? new Size(columns, rows) : USUAL;
            } catch (IOException e) {
                return USUAL;
            }
        }
    }

    ScreenView(PrintWriter out, Ansi ansi) {
        super(out, INTERVAL);
        this.ansi = ansi;
    }

    /** Returns true if the standard streams are a terminal. */
    @SuppressWarnings("SystemConsoleNull") // null without a terminal, depending on the JDK
    static boolean terminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    @Override
    void draw(Frame frame, PrintWriter out) {
        if (frames % FRAMES_PER_SIZE == 0) {
            size = Size.ofTerminal();
        }
        out.print((frames++ == 0 ? ENTER : "")
                + HOME
                + String.join(CLEAR_LINE + "\r\n", lines(frame, size))
                + CLEAR_LINE
                + CLEAR_BELOW);
    }

    @Override
    void leave(PrintWriter out) {
        if (frames > 0) {
            out.print(LEAVE);
        }
    }

    /** Returns the lines of a picture that fits a terminal. */
    List<String> lines(Frame frame, Size size) {
        int columns = size.columns - 1; // a full line would wrap on some terminals
        var lines = new ArrayList<>(head(frame, columns));
        lines.add("");
        lines.addAll(processes(frame, size.columns >= WIDE).lines(ansi));
        lines.add("");
        int room = Math.max(0, size.rows - lines.size());
        List<InjectedFault> faults = frame.faults();
        int begun = (int) faults.stream().filter(f -> f.begun(frame.nanos())).count();
        int end = Math.min(faults.size(), Math.max(room, begun));
        faults.subList(Math.max(0, end - room), end).forEach(f -> lines.add(line(f, frame.nanos(), columns)));
        return lines.subList(0, Math.min(lines.size(), size.rows));
    }

    private List<String> head(Frame frame, int columns) {
        String time = format("   %.1f s of %.0f s   ", frame.nanos() / 1e9, frame.durationNanos() / 1e9);
        String title = "treaty demo";
        int bar = Math.max(0, columns - title.length() - time.length());
        int done = (int) Math.min(bar, bar * frame.nanos() / frame.durationNanos());
        CallTotals.Summary total = frame.total();
        CallTotals.Summary recent = frame.recent();
        return List.of(
                Style.HEADING.paint(ansi, title)
                        + time
                        + Style.GOOD.paint(ansi, "━".repeat(done))
                        + Style.FAINT.paint(ansi, "━".repeat(bar - done)),
                Style.FAINT.paint(ansi, cut(PrintableText.line(frame.load() + "; " + frame.registry()), columns)),
                "all  " + total.calls() + " calls  " + count(total.failed(), "failed") + "  "
                        + count(total.late(), "late") + "  " + total.latencies(),
                "now  " + Math.round(recent.calls() * 1e9 / INTERVAL.toNanos()) + " calls/s  " + recent.latencies());
    }

    private String count(long number, String what) {
        return (number == 0 ? Style.GOOD : Style.FAULT).paint(ansi, number + " " + what);
    }

    private static Table processes(Frame frame, boolean ids) {
        var table = new Table("PROCESS", "VERS", "STATE", "HEALTH", "BREAKER", ">CALL/S", ">P50 MS", ">P99 MS");
        for (Instance instance : frame.instances()) {
            String breaker = cut(instance.breaker(), BREAKER_LENGTH_MAX);
            Table.Row row = table.row(instance.name() + (ids ? " (" + instance.pid() + ")" : ""), instance.version())
                    .cell(instance.condition().name().toLowerCase(Locale.ROOT), style(instance.condition()))
                    .cell(instance.health(), instance.health().equals("passing") ? Style.GOOD : Style.WARNING)
                    .cell(breaker, breaker.equals("closed") ? Style.GOOD : Style.FAULT);
            instance.load()
                    .ifPresent(load -> row.cells(
                            format("%.0f", load.rate()),
                            format("%.1f", load.p50Millis()),
                            format("%.1f", load.p99Millis())));
        }
        return table;
    }

    private static Style style(ShopInstance.Condition condition) {
        return condition == ShopInstance.Condition.RUNNING
                ? Style.GOOD
                : condition.alive() ? Style.WARNING : Style.FAINT;
    }

    private String line(InjectedFault fault, long nowNanos, int columns) {
        InjectedFault.Plan plan = fault.plan();
        if (!fault.begun(nowNanos)) {
            return Style.FAINT.paint(ansi, "         " + plan.description);
        }
        CallTotals.Summary calls = fault.summary();
        String result = fault.ended()
                ? format(
                        "%.1f s: %d calls, %d failed, p99 %s",
                        fault.lengthSeconds(nowNanos), calls.calls(), calls.failed(), Durations.text(calls.p99()))
                : "◀ now";
        String line = format("%5.1f s  %-28s  %s", fault.startSeconds(), plan.description, result);
        String effect = "  " + plan.effect;
        return (fault.ended() ? Style.PLAIN : Style.ACTION)
                .paint(ansi, line.length() + effect.length() <= columns ? line + effect : cut(line, columns));
    }

    private static String cut(String text, int length) {
        return text.length() <= length ? text : text.substring(0, Math.max(0, length));
    }
}
