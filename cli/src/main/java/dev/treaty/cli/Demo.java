package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.config.RegistryAddress;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.ServiceName;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run of the demo, from the first process to the report. */
final class Demo {
    private static final String STOREFRONT = "shop.Storefront";

    private final Duration duration;
    private final int rate;
    private final RegistryOptions options;
    private final DemoView view;
    private volatile @Nullable DemoLoad load;

    Demo(Duration duration, int rate, RegistryOptions options, DemoView view) {
        this.duration = duration;
        this.rate = rate;
        this.options = options;
        this.view = view;
    }

    /** Runs it, to its end or until somebody asks the command to end. */
    DemoReport run() throws IOException, InterruptedException {
        Thread self = Thread.currentThread();
        try (var foreground = new Foreground(() -> stop(self))) {
            return start(foreground);
        } finally {
            view.close();
        }
    }

    /** Ends the load early, or, where there is none yet, the wait for the processes. */
    private void stop(Thread waiting) {
        DemoLoad running = load;
        if (running == null) {
            waiting.interrupt();
        } else {
            running.stop();
        }
    }

    private DemoReport start(Foreground foreground) throws IOException, InterruptedException {
        try (Treaty hub = Treaty.open(RegistryOptions.with(RegistryAddress.EMBEDDED, Settings.DEFAULTS))) {
            RegistryAddress address = options.given().orElseGet(() -> serveRegistry(hub));
            try (Treaty caller = Treaty.open(RegistryOptions.with(address, Settings.DEFAULTS));
                    DemoFleet fleet = fleet(address.toString())) {
                return drive(caller, fleet, address.toString(), foreground);
            }
        }
    }

    private static RegistryAddress serveRegistry(Treaty hub) {
        hub.serveRegistry();
        return RegistryCommand.address(hub);
    }

    private DemoFleet fleet(String registry) throws IOException, InterruptedException {
        long start = System.nanoTime();
        view.tell("starting a registry, a database and the services of the shop …");
        var fleet = new DemoFleet(registry);
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

    private DemoReport drive(Treaty caller, DemoFleet fleet, String registry, Foreground foreground)
            throws InterruptedException {
        caller.registry().instances(new ServiceName(STOREFRONT)); // from now on it is followed
        var watch = new DemoWatch(caller, fleet);
        var running = new DemoLoad(
                (operation, request, deadline) ->
                        caller.client().call(STOREFRONT, operation, request, deadline, Map.of()),
                rate,
                "demo-" + Long.toString(System.currentTimeMillis(), 36));
        load = running;
        if (foreground.asked()) {
            running.stop();
        }
        var timetable = new DemoTimetable(fleet, running, duration, watch::delay);
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
                end, running.total(), running.calm().summary(), running.faults(), running.failures(), watch.counts());
    }

    private void show(DemoLoad running, DemoWatch watch, String registry) {
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
