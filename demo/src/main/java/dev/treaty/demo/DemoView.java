package dev.treaty.demo;

import dev.treaty.core.text.PrintableText;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Shows a demo while it runs. */
abstract class DemoView implements AutoCloseable {
    private final PrintWriter out;
    private final Duration interval;
    private boolean closed;

    DemoView(PrintWriter out, Duration interval) {
        this.out = out;
        this.interval = interval;
    }

    /**
     * The state at one moment.
     *
     * @param nanos since the load began
     * @param durationNanos how long the load lasts
     * @param load the machine, the number of processes and the rate
     * @param registry the address of the registry
     * @param total all calls that have ended
     * @param recent the calls that have ended since the last frame
     * @param instances all instances of the shop
     * @param faults all planned faults
     */
    record Frame(
            long nanos,
            long durationNanos,
            String load,
            String registry,
            CallTotals.Summary total,
            CallTotals.Summary recent,
            List<Instance> instances,
            List<InjectedFault> faults) {}

    /**
     * The state of an instance.
     *
     * @param health what the registry shows; empty if the registry does not know the instance
     * @param breaker why a caller excludes the instance, or the state of its circuit breaker; empty without callers
     * @param load empty until the instance has reported it
     */
    record Instance(
            String name,
            String version,
            long pid,
            ShopInstance.Condition condition,
            String health,
            String breaker,
            Optional<Load> load) {}

    /**
     * The load of an instance.
     *
     * @param rate calls per second
     * @param p50Millis median latency over the last minute
     * @param p99Millis 99th percentile of the latency over the last minute
     */
    record Load(double rate, double p50Millis, double p99Millis) {}

    /** Formats numbers in the same way in every locale. */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation is in a library that the demo does not need
    static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }

    /** Returns the time from one frame to the next. */
    final Duration interval() {
        return interval;
    }

    /** Prints a line. */
    final synchronized void print(String line) {
        if (!closed) {
            out.println(PrintableText.line(line));
        }
    }

    final synchronized void show(Frame frame) {
        if (!closed) {
            draw(frame, out);
            out.flush();
        }
    }

    /** Restores the terminal. Afterwards nothing is shown. */
    @Override
    public final synchronized void close() {
        if (!closed) {
            closed = true;
            leave(out);
            out.flush();
        }
    }

    /** Closes the view with a last line. */
    final synchronized void close(String line) {
        close();
        out.println(PrintableText.line(line));
    }

    abstract void draw(Frame frame, PrintWriter out);

    void leave(PrintWriter out) {}
}
