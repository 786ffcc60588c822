package dev.treaty.demo;

import dev.treaty.cli.output.Durations;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Shows a demo where there is no terminal: one line each second, and one for everything that is done. */
final class LineView implements DemoView {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final PrintWriter out;
    private int told;

    LineView(PrintWriter out) {
        this.out = out;
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
        List<InjectedFault> faults = frame.faults();
        for (; told < faults.size(); told++) {
            InjectedFault fault = faults.get(told);
            out.println(String.format(Locale.ROOT, "%6.1f s  %s", fault.startNanos() / 1e9, fault.description()));
        }
        String open = frame.instances().stream()
                .filter(i -> !i.breaker().isEmpty() && !i.breaker().equals("closed"))
                .map(i -> i.process().name() + " " + i.breaker())
                .collect(Collectors.joining(", "));
        out.println(String.format(
                Locale.ROOT,
                "%6.1f s  %d calls, %d failed, %d late; this second %d calls, p50 %s, p99 %s%s",
                frame.nanos() / 1e9,
                frame.total().calls(),
                frame.total().failed(),
                frame.total().late(),
                frame.recent().calls(),
                Durations.text(frame.recent().p50()),
                Durations.text(frame.recent().p99()),
                open.isEmpty() ? "" : "; left out or cold: " + open));
    }

    @Override
    public void close() {
        out.flush();
    }
}
