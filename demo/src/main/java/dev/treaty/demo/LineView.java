package dev.treaty.demo;

import dev.treaty.cli.output.Durations;
import dev.treaty.demo.InjectedFault.Plan;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/** Shows a demo without a terminal: a line each second, and a line for each fault. */
final class LineView extends DemoView {
    private final Set<Plan> shown = EnumSet.of(Plan.CALM);

    LineView(PrintWriter out) {
        super(out, Duration.ofSeconds(1));
    }

    @Override
    void draw(Frame frame, PrintWriter out) {
        frame.faults().stream()
                .filter(fault -> fault.begun(frame.nanos()) && shown.add(fault.plan()))
                .forEach(fault -> out.println(format(
                        "%6.1f s  %s: %s", fault.startSeconds(), fault.plan().description, fault.plan().effect)));
        String excluded = frame.instances().stream()
                .filter(i -> !i.breaker().isEmpty() && !i.breaker().equals("closed"))
                .map(i -> i.name() + " " + i.breaker())
                .collect(Collectors.joining(", "));
        out.println(format(
                "%6.1f s  %d calls, %d failed, %d late; this second %d calls, p50 %s, p99 %s%s",
                frame.nanos() / 1e9,
                frame.total().calls(),
                frame.total().failed(),
                frame.total().late(),
                frame.recent().calls(),
                Durations.text(frame.recent().p50()),
                Durations.text(frame.recent().p99()),
                excluded.isEmpty() ? "" : "; " + excluded));
    }
}
