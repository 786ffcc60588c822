package dev.treaty.demo;

import dev.treaty.cli.ExtraCommand;
import dev.treaty.cli.Main;
import dev.treaty.cli.OutputCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code treaty demo}: starts the shop, calls it, and injects faults at fixed times. */
@Command(
        name = "demo",
        description = {
            "Runs a shop of five services in eleven processes under load, and injects faults: kills a process, kills"
                + " and restarts the registry, freezes a process, slows a process and then a whole service while"
                + " central settings change its level, deadline and fallback, and replaces the orders with their next"
                + " version.",
            "The report shows what callers noticed of each; with --json, progress goes to the error stream. The exit"
                    + " code is 1 if a call failed, 130 after Ctrl-C."
        },
        footer = {
            "  treaty demo                          thirty seconds",
            "  treaty demo --for 2m --rate 500",
            "  treaty demo --secure                 with TLS, tokens and rules",
            "  treaty demo --registry etcd          the same with etcd as the registry",
            "  treaty demo --json | jq .p99Millis   the report as a JSON object"
        })
public final class DemoCommand extends OutputCommand implements ExtraCommand {
    private static final int RATE_MAX = 10_000;

    /** Faults need time to show their effects. */
    private static final Duration DURATION_MIN = Duration.ofSeconds(3);

    @Option(
            names = "--for",
            paramLabel = "DURATION",
            description = "How long the load lasts, such as 30s or 2m (default: 30s).")
    private Duration duration = Duration.ofSeconds(30);

    @Option(
            names = "--rate",
            paramLabel = "CALLS",
            description = "The calls per second (default: a seventh of what this machine carries, at most "
                    + Demo.RATE_MAX + ").")
    private @Nullable Integer rate;

    @Option(
            names = "--registry",
            paramLabel = "REGISTRY",
            converter = DemoRegistry.Converter.class,
            description = "The registry to start: treaty, etcd or zookeeper (default: treaty). Or the address of a"
                    + " running registry, which is not killed.")
    private DemoRegistry.Choice registry = DemoRegistry.Choice.TREATY;

    @Option(
            names = "--secure",
            description = "Use TLS with a certificate for each service, tokens for customers, and rules; certificates,"
                    + " tokens and keys are replaced while calls run.")
    private boolean secure;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (rate != null && (rate < 1 || rate > RATE_MAX)) {
            throw usageError("--rate is " + rate + ": use 1 to " + RATE_MAX);
        }
        if (duration.compareTo(DURATION_MIN) < 0) {
            throw usageError("--for is too short to show anything: use " + DURATION_MIN.toSeconds() + "s or more");
        }
        if (secure && !registry.equals(DemoRegistry.Choice.TREATY)) {
            throw usageError("--secure needs the registry of Treaty, which the demo starts: leave --registry out");
        }
        DemoReport report = new Demo(duration, rate, registry, secure, view()).run();
        if (json()) {
            printJson(report.fields());
        } else {
            report.print(out(), ansi());
        }
        return report.successful() ? Main.OK : Main.FAILED;
    }

    @Override
    public void train() throws Exception {
        Class.forName(ShopProcesses.MAIN_CLASS).getMethod("train").invoke(null);
    }

    private DemoView view() {
        if (json()) {
            return new LineView(spec().commandLine().getErr());
        }
        PrintWriter out = spec().commandLine().getOut();
        return ansi().enabled() || ScreenView.terminal() ? new ScreenView(out, ansi()) : new LineView(out);
    }
}
