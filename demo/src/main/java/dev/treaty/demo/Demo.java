package dev.treaty.demo;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Headers;
import dev.treaty.demo.DemoReport.Machine;
import dev.treaty.registry.RegistryAddress;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.IsolationLevel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One run of the demo, from the first process to the report. */
final class Demo {
    private static final String STOREFRONT = "shop.Storefront";

    /** The exit code of a command that Ctrl-C ends. */
    private static final int INTERRUPTED = 130;

    /** The share of what the machine carries that is left for faults, restarts and other programs. */
    private static final double RESERVE = 0.85;

    private static final int RATE_MIN = 20;

    /** The highest rate unless a rate is requested. */
    static final int RATE_MAX = 500;

    private final Duration duration;
    private final @Nullable Integer requestedRate;
    private final DemoRegistry.Choice choice;
    private final boolean secure;
    private final DemoView view;
    private final ProcessGroup processes = new ProcessGroup();
    private volatile @Nullable OpenLoop load;

    /** @param requestedRate calls per second; if null, a part of what the machine carries */
    Demo(
            Duration duration,
            @Nullable Integer requestedRate,
            DemoRegistry.Choice choice,
            boolean secure,
            DemoView view) {
        this.duration = duration;
        this.requestedRate = requestedRate;
        this.choice = choice;
        this.secure = secure;
        this.view = view;
    }

    /** Runs the demo. All processes have ended when this returns. On SIGINT and SIGTERM the JVM exits at once. */
    DemoReport run() throws IOException, InterruptedException {
        var hook = new Thread(this::exit, "demo-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        try (processes;
                view) {
            return start();
        } finally {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                new CountDownLatch(1).await(); // the hook kills the processes, prints a line and exits
            }
        }
    }

    private void exit() {
        OpenLoop running = load;
        String text = "interrupted before the load began";
        if (running != null) {
            CallTotals.Summary total = running.total();
            text = DemoView.format(
                    "interrupted after %.1f s: %d calls, %d failed, %d late",
                    running.now() / 1e9, total.calls(), total.failed(), total.late());
        }
        processes.close();
        view.close(text);
        Runtime.getRuntime().halt(INTERRUPTED);
    }

    private DemoReport start() throws IOException, InterruptedException {
        view.print("starting a registry, a database and the services of the shop …");
        long start = System.nanoTime();
        if (!secure) {
            DemoRegistry registry = DemoRegistry.start(choice, processes);
            return start(start, registry, Optional.empty());
        }
        RegistryAddress.Network address = DemoRegistry.freeAddress();
        Settings client = customer().withRegistry(address);
        try (var security = new DemoSecurity(processes.directory(), client)) {
            return start(start, DemoRegistry.secure(address, security, processes), Optional.of(security));
        }
    }

    private DemoReport start(long start, DemoRegistry registry, Optional<DemoSecurity> security)
            throws IOException, InterruptedException {
        var shop = new ShopProcesses(processes, registry.address(), security);
        registry.awaitReady();
        shop.startServices();
        Settings settings = customer().withRegistry(registry.address());
        if (security.isPresent()) {
            settings = settings.withSecurity(security.get().customers());
        }
        try (Treaty caller = Treaty.open(settings)) {
            var poller = new StatusPoller(security.map(DemoSecurity::operator).orElse(caller), caller, shop);
            shop.awaitReady();
            view.print(DemoView.format(
                    "%d processes are ready after %.1f s; registry %s",
                    processes.size(), (System.nanoTime() - start) / 1e9, registry.address()));
            String series = "demo-" + Long.toString(System.currentTimeMillis(), 36);
            Machine machine = warmUp(new Customers(storefront(caller), series + "-warm-up"));
            poller.begin();
            var running = new OpenLoop(
                    new Customers(storefront(caller), series),
                    machine.rate(),
                    Timetable.plan(registry, security.isPresent()));
            load = running;
            var timetable =
                    new Timetable(shop, registry, poller, running, security, duration, new CopyOnWriteArrayList<>());
            return drive(running, poller, timetable, machine, registry.address().toString());
        }
    }

    /** A customer has a single storefront, so timeouts shorter than the deadline and breakers would only fail calls. */
    private static Settings customer() {
        var defaults = FaultTolerance.of(IsolationLevel.BASIC);
        return Settings.DEFAULTS.withDefaults(
                defaults.withTimeouts(OpenLoop.DEADLINE, OpenLoop.DEADLINE, defaults.timeoutMode()));
    }

    private static Customers.Storefront storefront(Treaty caller) {
        return (operation, request, deadline) ->
                caller.client().call(STOREFRONT, operation, request, deadline, Headers.NONE);
    }

    private Machine warmUp(Customers customers) {
        long start = System.nanoTime();
        double carried = new WarmUp(customers, new AtomicLong()).run();
        int part = (int) (carried * (1 - RESERVE)) / 10 * 10;
        int rate = requestedRate == null ? Math.clamp(part, RATE_MIN, RATE_MAX) : requestedRate;
        var machine = new Machine(Runtime.getRuntime().availableProcessors(), processes.size(), rate);
        view.print(DemoView.format(
                "warm after %.1f s; %s of %.0f possible", (System.nanoTime() - start) / 1e9, machine, carried));
        return machine;
    }

    private DemoReport drive(
            OpenLoop running, StatusPoller poller, Timetable timetable, Machine machine, String registry)
            throws InterruptedException {
        var threads = new ArrayList<>(timetable.start());
        threads.add(Thread.startVirtualThread(poller));
        threads.add(Thread.startVirtualThread(() -> show(running, poller, machine, registry)));
        running.run(duration);
        long end = running.now();
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
        poller.pollAll();
        return new DemoReport(
                end,
                machine,
                running.total(),
                running.faults(),
                running.failures(),
                poller.counts(),
                timetable.problems());
    }

    private void show(OpenLoop running, StatusPoller poller, Machine machine, String registry) {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(view.interval().toNanos());
                view.show(new DemoView.Frame(
                        running.now(),
                        duration.toNanos(),
                        machine.toString(),
                        registry,
                        running.total(),
                        running.recent(),
                        poller.instances(),
                        running.faults()));
            }
        } catch (InterruptedException e) {
            // the demo is over
        }
    }
}
