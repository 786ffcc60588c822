package dev.treaty.demo;

import dev.treaty.Treaty;
import dev.treaty.cli.Foreground;
import dev.treaty.cli.output.Durations;
import dev.treaty.config.Settings;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.IsolationLevel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One run of the demo, from the first process to the report. */
final class Demo {
    /** How long a round of warming up lasts, and until when another may begin. */
    private static final Duration WARM_UP = Duration.ofSeconds(1);

    private static final Duration WARM_UP_MAX = Duration.ofSeconds(20);

    /** The first round's share of the full rate; it doubles as long as the shop keeps up. */
    private static final double WARM_UP_SHARE = 0.25;

    /** What is warm answers all but one in a hundred calls in this time. */
    private static final Duration WARM = Duration.ofMillis(100);

    /** The rate where none is asked for and the machine carries it. */
    static final int RATE = 300;

    /** What any machine carries. */
    private static final int RATE_MIN = 20;

    private final Duration duration;
    private final OptionalInt asked;
    private int rate;
    private final RegistryChoice choice;
    private final DemoView view;
    private final List<String> troubles = new CopyOnWriteArrayList<>();
    private volatile @Nullable OpenLoop load;

    /** @param asked calls per second; where it is empty, {@value #RATE} or what the machine carries */
    Demo(Duration duration, OptionalInt asked, RegistryChoice choice, DemoView view) {
        this.duration = duration;
        this.asked = asked;
        this.rate = asked.orElse(RATE);
        this.choice = choice;
        this.view = view;
    }

    /**
     * Runs it, to its end or until somebody asks the command to end.
     *
     * @param told prints the report, before all that was started ends: whoever asked the command to end may not wait
     *     until that is over
     */
    DemoReport run(Consumer<DemoReport> told) throws IOException, InterruptedException {
        Thread self = Thread.currentThread();
        try (var foreground = new Foreground(() -> stop(self))) {
            try {
                return start(foreground, told);
            } finally {
                view.close();
            }
        }
    }

    /** Ends the load early, or, where there is none yet, the wait for the processes. */
    private void stop(Thread waiting) {
        OpenLoop running = load;
        if (running == null) {
            waiting.interrupt();
        } else {
            running.stop();
        }
    }

    private DemoReport start(Foreground foreground, Consumer<DemoReport> told)
            throws IOException, InterruptedException {
        view.tell("starting a registry, a database and the services of the shop …");
        try (DemoRegistry registry = registry()) {
            RegistryAddress address = registry.address();
            try (Treaty caller = Treaty.open(customer().withRegistry(address));
                    ShopProcesses fleet = fleet(address.toString())) {
                DemoReport report = warmUpAndDrive(caller, fleet, registry, foreground);
                view.close();
                troubles.forEach(view::tell);
                told.accept(report);
                return report;
            }
        }
    }

    private DemoRegistry registry() throws IOException, InterruptedException {
        return choice.existing().isPresent()
                ? DemoRegistry.existing(choice.existing().get())
                : DemoRegistry.start(choice.kind());
    }

    /** A customer has one storefront: to give up on it, or on an attempt before the deadline, would help nobody. */
    private static Settings customer() {
        var usual = FaultTolerance.of(IsolationLevel.BASIC);
        return Settings.DEFAULTS.withDefaults(
                usual.withTimeouts(OpenLoop.DEADLINE, OpenLoop.DEADLINE, usual.timeoutMode()));
    }

    private ShopProcesses fleet(String registry) throws IOException, InterruptedException {
        long start = System.nanoTime();
        var fleet = new ShopProcesses(registry);
        try {
            fleet.awaitReady();
        } catch (InterruptedException | RuntimeException e) {
            fleet.close();
            throw e;
        }
        view.tell(String.format(
                Locale.ROOT,
                "%d processes are ready after %.1f s; the registry is %s",
                fleet.processes().size(),
                (System.nanoTime() - start) / 1e9,
                registry));
        return fleet;
    }

    private DemoReport warmUpAndDrive(Treaty caller, ShopProcesses fleet, DemoRegistry registry, Foreground foreground)
            throws InterruptedException {
        String series = "demo-" + Long.toString(System.currentTimeMillis(), 36);
        try (var watch = new StatusPoller(caller, fleet)) {
            watch.awaitDiscovery();
            warmUp(caller, series);
            watch.begin();
            var running = new OpenLoop(storefront(caller), rate, series);
            load = running;
            if (foreground.asked()) {
                running.stop();
            }
            var timetable = new Timetable(fleet, registry, running, duration, watch, troubles::add);
            return drive(running, watch, timetable, registry.address().toString());
        }
    }

    private DemoReport drive(OpenLoop running, StatusPoller watch, Timetable timetable, String registry)
            throws InterruptedException {
        List<Thread> threads = List.of(
                Thread.ofVirtual().name("demo timetable").start(timetable),
                Thread.ofVirtual().name("demo watch").start(watch),
                Thread.ofVirtual().name("demo view").start(() -> show(running, watch, registry)));
        running.run(duration);
        long end = running.now();
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
        watch.look();
        return new DemoReport(
                end,
                running.total(),
                running.calm().summary(),
                running.faultsBefore(end),
                running.failures(),
                watch.counts());
    }

    private static OpenLoop.Storefront storefront(Treaty caller) {
        return (operation, request, deadline) ->
                caller.client().call(StatusPoller.STOREFRONT, operation, request, deadline, Map.of());
    }

    /**
     * Lets the virtual machines load and compile what a call needs, at a growing rate, so that the report is about the
     * faults and not about a dozen machines that start at the same time. Where nobody has asked for a rate, it will be
     * half of what went well at most: the faults take some work too.
     */
    private void warmUp(Treaty caller, String series) throws InterruptedException {
        long start = System.nanoTime();
        CallTotals.Summary last;
        int round = 0;
        double full = asked.isPresent() ? 1 : 2;
        double share = WARM_UP_SHARE;
        double carried = 0;
        do {
            double now = Math.max(1, rate * share);
            var warming = new OpenLoop(storefront(caller), (int) now, series + "-warm-up-" + round++);
            warming.run(WARM_UP);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            last = warming.total();
            if (last.failed() == 0 && last.p99() < WARM.toNanos()) {
                carried = share;
                share = Math.min(full, 2 * share);
            }
        } while (carried < full && System.nanoTime() - start < WARM_UP_MAX.toNanos());
        view.tell(String.format(
                Locale.ROOT,
                "%s after %.1f s of warming up: p99 %s",
                carried == full ? "warm" : "not quite warm",
                (System.nanoTime() - start) / 1e9,
                Durations.text(last.p99())));
        if (carried < full && asked.isEmpty()) {
            rate = (int) Math.max(RATE_MIN, rate * carried / full);
            view.tell("this machine is slow or busy: " + rate + " calls a second instead of " + RATE
                    + " (--rate asks for a certain one)");
        }
    }

    private void show(OpenLoop running, StatusPoller watch, String registry) {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(view.interval().toNanos());
                view.show(new DemoView.Frame(
                        running.now(),
                        duration.toNanos(),
                        rate,
                        registry,
                        running.total(),
                        running.recent(),
                        watch.instances(),
                        running.faults()));
            }
        } catch (InterruptedException e) {
            // the demo is over
        }
    }
}
