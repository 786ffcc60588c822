package dev.treaty.demo;

import dev.treaty.cli.Converters;
import dev.treaty.cli.ExtraCommand;
import dev.treaty.cli.Main;
import dev.treaty.codec.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code treaty demo}: a shop under load, hurt on a timetable. */
@Command(
        name = "demo",
        description = {
            "Starts a shop of five services in eleven processes, drives load through it, and hurts it: kills one"
                    + " process, kills and restarts the registry, freezes a process, slows one and then a whole service"
                    + " while its isolation level is raised, and replaces the orders by their next version, one at a"
                    + " time.",
            "The report at the end tells what each of it cost. The exit code is 1 where a call failed."
        },
        footer = {
            "",
            "Examples:",
            "  treaty demo                          thirty seconds",
            "  treaty demo --for 2m --rate 500",
            "  treaty demo --registry etcd          the same with etcd as the registry",
            "  treaty demo --json | jq .p99Millis   the report as one JSON object"
        })
public final class DemoCommand implements ExtraCommand, Callable<Integer> {
    /** The highest rate that may be asked for. */
    static final int RATE_MAX = 10_000;

    /** The shortest duration that may be asked for: what is to be shown needs some time. */
    static final Duration DURATION_MIN = Duration.ofSeconds(3);

    @Option(
            names = "--for",
            paramLabel = "DURATION",
            defaultValue = "30s",
            converter = Converters.Time.class,
            description = "How long the load lasts, such as 30s or 2m; 30s where it is left out.")
    @SuppressWarnings("NullAway.Init") // has a default
    private Duration duration;

    @Option(
            names = "--rate",
            paramLabel = "CALLS",
            description = "How many calls begin every second; where it is left out, " + Demo.RATE
                    + ", or fewer if this machine does not carry that.")
    private @Nullable Integer rate;

    @Option(
            names = "--json",
            description = "Print the report as one JSON object, and what happens on the error stream.")
    private boolean json;

    @Option(
            names = "--registry",
            paramLabel = "REGISTRY",
            defaultValue = "treaty",
            converter = RegistryChoice.Converter.class,
            description =
                    "What to start as the registry: treaty, etcd or zookeeper; treaty where it is left out. Or the"
                            + " address of one that is there, which is not killed.")
    @SuppressWarnings("NullAway.Init") // has a default
    private RegistryChoice registry;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rate != null && (rate < 1 || rate > RATE_MAX)) {
            throw new ParameterException(spec.commandLine(), "--rate is " + rate + ": use 1 to " + RATE_MAX);
        }
        if (duration.compareTo(DURATION_MIN) < 0) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--for is too short to show anything: use " + DURATION_MIN.toSeconds() + "s or more");
        }
        PrintWriter out = spec.commandLine().getOut();
        Ansi ansi = spec.commandLine().getColorScheme().ansi();
        OptionalInt asked = rate == null ? OptionalInt.empty() : OptionalInt.of(rate);
        DemoReport report = new Demo(duration, asked, registry, view(out, ansi)).run(r -> print(r, out, ansi));
        return report.allKept() ? Main.OK : Main.FAILED;
    }

    private void print(DemoReport report, PrintWriter out, Ansi ansi) {
        if (json) {
            out.println(Json.indented(report.fields()));
        } else {
            report.print(out, ansi);
        }
        out.flush();
    }

    private DemoView view(PrintWriter out, Ansi ansi) {
        if (json) {
            return new LineView(spec.commandLine().getErr());
        }
        return ansi.enabled() || ScreenView.terminal() ? new ScreenView(out, ansi) : new LineView(out);
    }
}
