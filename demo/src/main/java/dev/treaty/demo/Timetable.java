package dev.treaty.demo;

import dev.treaty.cli.CommandFailed;
import dev.treaty.core.call.ServiceException;
import dev.treaty.demo.InjectedFault.Plan;
import dev.treaty.demo.ShopInstance.Condition;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Injects faults into the shop at planned times. Each fault has a thread, and does not wait for the others.
 *
 * @param problems receives what could not be done, from any thread
 */
record Timetable(
        ShopProcesses shop,
        DemoRegistry registry,
        StatusPoller control,
        OpenLoop load,
        Optional<DemoSecurity> security,
        Duration duration,
        List<String> problems) {
    private static final Duration SLOWNESS = Duration.ofMillis(800);

    /** What is changed while all recommendations are slow. */
    private static final Map<String, String> SETTINGS = Map.of(
            "services.shop.Recommendations.level", "full",
            "services.shop.Recommendations.deadline", "300ms",
            "services.shop.Recommendations.fallback.cache-for", "10s");

    /** The shortest time from the beginning of a fault to its end, as a fraction of the demo. */
    private static final double FAULT_MIN = 0.05;

    /** Returns the faults that {@link #start} will inject. A registry that the demo has not started is not killed. */
    static List<InjectedFault> plan(DemoRegistry registry, boolean secure) {
        return Stream.of(Plan.values())
                .filter(plan -> plan != Plan.REGISTRY || registry.owned())
                .filter(plan -> plan != Plan.KEYS || secure)
                .map(InjectedFault::new)
                .toList();
    }

    /** Starts the threads that inject the faults of a load. An interrupt ends a thread. */
    List<Thread> start() {
        return load.faults().stream()
                .map(fault -> Thread.startVirtualThread(() -> inject(fault)))
                .toList();
    }

    private void inject(InjectedFault fault) {
        Plan plan = fault.plan();
        try {
            await(plan.from * duration.toNanos());
            fault.begin(load.now());
            begin(plan);
            if (plan.to > plan.from) {
                await(Math.max(plan.to * duration.toNanos(), load.now() + FAULT_MIN * duration.toNanos()));
                end(plan);
            }
            fault.end(load.now());
        } catch (InterruptedException e) {
            // the demo is over
        } catch (IOException | ServiceException | CommandFailed e) {
            problems.add("failed: " + plan.description + ": " + e.getMessage());
        }
    }

    private void begin(Plan plan) throws IOException, InterruptedException {
        switch (plan) {
            case CALM -> {}
            case KILL -> victim(plan, Condition.KILLED).child().kill();
            case REGISTRY -> registry.kill();
            case FREEZE -> victim(plan, Condition.FROZEN).child().freeze();
            case SLOW, DEGRADE -> delay(plan.target, SLOWNESS, Condition.SLOW);
            case SETTINGS -> control.set(SETTINGS);
            case KEYS -> security.orElseThrow().rotateKeys();
            case CANARY -> startNext();
            case DEPLOY -> drain(plan); // the canary takes its place
            case DEPLOY_LAST -> {
                startNext();
                drain(plan);
            }
        }
    }

    private void end(Plan plan) throws IOException, InterruptedException {
        switch (plan) {
            case KILL -> shop.start("inventory", ShopProcesses.VERSION).awaitReady();
            case REGISTRY -> {
                registry.start();
                registry.awaitReady();
            }
            case FREEZE -> victim(plan, Condition.RUNNING).child().resume();
            case SLOW, DEGRADE -> delay(plan.target, Duration.ZERO, Condition.RUNNING);
            case SETTINGS -> control.unset(SETTINGS.keySet());
            default -> {}
        }
    }

    private void delay(String name, Duration delay, Condition condition) throws InterruptedException {
        for (ShopInstance victim : shop.running(name)) {
            control.delay(victim, delay);
            victim.condition(condition);
        }
    }

    private void startNext() throws IOException, InterruptedException {
        shop.start("orders", ShopProcesses.NEXT_VERSION).awaitReady();
    }

    /** Returns the process that a fault disturbs, in its new condition. */
    private ShopInstance victim(Plan plan, Condition condition) {
        ShopInstance victim = shop.running(plan.target).getFirst();
        victim.condition(condition);
        return victim;
    }

    private void drain(Plan plan) {
        ShopInstance old = victim(plan, Condition.DRAINING);
        old.child().terminate();
        old.child().exit().join();
        old.condition(Condition.ENDED);
    }

    private void await(double nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep((long) nanos - load.now());
    }
}
