package dev.treaty.demo;

import dev.treaty.cli.CommandFailed;
import dev.treaty.core.call.ServiceException;
import dev.treaty.demo.ShopInstance.Condition;
import dev.treaty.resilience.IsolationLevel;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What is done to the shop, and when. Times are fractions of the demo's duration, so that a short demo shows the same
 * as a long one, as far as processes start fast enough.
 */
final class Timetable implements Runnable {
    /** How much slower the slow instance is. */
    static final Duration SLOWNESS = Duration.ofMillis(800);

    /** The share of the demo that a canary is tried at least. */
    private static final double TRIAL = 0.07;

    private final ShopProcesses fleet;
    private final DemoRegistry registry;
    private final OpenLoop load;
    private final long durationNanos;
    private final Hand hand;
    private final Consumer<String> troubles;

    /** What is done to a process by calling it. */
    interface Hand {
        /** Makes it so much slower. */
        void delay(ShopInstance process, Duration delay) throws InterruptedException;

        /** Puts another isolation level in force for its calls to a service. */
        void level(ShopInstance process, String service, IsolationLevel level) throws InterruptedException;
    }

    /** @param troubles told what could not be done */
    Timetable(
            ShopProcesses fleet,
            DemoRegistry registry,
            OpenLoop load,
            Duration duration,
            Hand hand,
            Consumer<String> troubles) {
        this.fleet = fleet;
        this.registry = registry;
        this.load = load;
        this.durationNanos = duration.toNanos();
        this.hand = hand;
        this.troubles = troubles;
    }

    /** Does it all, until it is interrupted. */
    @Override
    public void run() {
        try {
            await(0.13);
            kill("inventory", 0.2);
            if (registry.ours()) {
                await(0.22);
                restartRegistry(0.25);
            }
            await(0.29);
            freeze("payments", 0.39);
            await(0.42);
            slow("recommendations", 0.5);
            await(0.53);
            degrade("recommendations", "shop.Recommendations", 0.57, 0.62);
            await(0.66);
            roll("orders", 0.77);
        } catch (InterruptedException e) {
            // the demo is over; what was cut short is told by its fault
        } catch (IOException | ServiceException | CommandFailed e) {
            troubles.accept("the faults after that are left out: " + e.getMessage());
        }
    }

    private void kill(String service, double replacement) throws IOException, InterruptedException {
        ShopInstance victim = fleet.running(service).getLast();
        InjectedFault fault = begin("kill", victim, "kills " + victim.name() + " (SIGKILL)");
        victim.condition(Condition.KILLED);
        victim.child().kill();
        await(replacement);
        ShopInstance heir = fleet.start(service, ShopProcesses.FIRST_VERSION);
        Thread.startVirtualThread(
                () -> { // what comes next does not wait for a slow start
                    try {
                        heir.awaitReady();
                        end(fault);
                    } catch (CommandFailed e) {
                        troubles.accept(String.valueOf(e.getMessage()));
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
    }

    private void restartRegistry(double back) throws InterruptedException {
        InjectedFault fault = begin("registry", "registry", "kills the registry (SIGKILL) and starts it again");
        registry.kill();
        await(back);
        Thread.startVirtualThread(
                () -> { // what comes next does not wait for a slow start
                    try {
                        registry.start();
                        end(fault);
                    } catch (IOException | CommandFailed e) {
                        troubles.accept("the registry cannot be started again: " + e.getMessage());
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
    }

    private void freeze(String service, double end) throws IOException, InterruptedException {
        ShopInstance victim = fleet.running(service).getLast();
        InjectedFault fault = begin("freeze", victim, "freezes " + victim.name() + " (SIGSTOP)");
        victim.condition(Condition.FROZEN);
        victim.child().freeze();
        try {
            await(end);
        } finally {
            victim.child().resume();
            victim.condition(Condition.RUNNING);
        }
        end(fault);
    }

    private void slow(String service, double end) throws InterruptedException {
        ShopInstance victim = fleet.running(service).getLast();
        InjectedFault fault =
                begin("slow", victim, "makes " + victim.name() + " " + SLOWNESS.toMillis() + " ms slower");
        slow(victim);
        await(end);
        recover(victim);
        end(fault);
    }

    private void slow(ShopInstance victim) throws InterruptedException {
        victim.condition(Condition.SLOW);
        hand.delay(victim, SLOWNESS);
    }

    private void recover(ShopInstance victim) throws InterruptedException {
        hand.delay(victim, Duration.ZERO);
        victim.condition(Condition.RUNNING);
    }

    /** Makes a service too slow as a whole, so that a fallback serves, and meanwhile has its caller isolate it more. */
    private void degrade(String processes, String service, double raise, double end) throws InterruptedException {
        List<ShopInstance> victims = fleet.running(processes);
        InjectedFault fault = begin(
                "degrade",
                processes,
                "makes all " + processes + " " + SLOWNESS.toMillis() + " ms slower: the fallback serves");
        for (ShopInstance victim : victims) {
            slow(victim);
        }
        await(raise);
        ShopInstance caller = fleet.running("storefront").getFirst();
        InjectedFault raised =
                begin("level", caller, "raises the level of " + service + " in " + caller.name() + " to full");
        hand.level(caller, service, IsolationLevel.FULL);
        await(end);
        for (ShopInstance victim : victims) {
            recover(victim);
        }
        end(fault);
        end(raised);
    }

    /** Tries the next version beside the others until that time, and then replaces them one by one. */
    private void roll(String service, double replacement) throws IOException, InterruptedException {
        List<ShopInstance> olds = fleet.running(service);
        ShopInstance canary = fleet.start(service, ShopProcesses.NEXT_VERSION);
        canary.awaitReady();
        InjectedFault trial = begin(
                "canary",
                canary,
                "tries " + canary.name() + ", version " + ShopProcesses.NEXT_VERSION
                        + ": 10 % of the calls, copies of 20 %");
        await(Math.max(replacement, (double) load.now() / durationNanos + TRIAL)); // its start may have taken long
        end(trial);
        boolean replaced = true; // the canary takes the place of the first
        for (ShopInstance old : olds) {
            InjectedFault fault =
                    begin("deploy", old, "replaces " + old.name() + " with version " + ShopProcesses.NEXT_VERSION);
            if (!replaced) {
                fleet.start(service, ShopProcesses.NEXT_VERSION).awaitReady();
            }
            replaced = false;
            old.condition(Condition.DRAINING);
            old.child().terminate();
            old.child().exit().join();
            old.condition(Condition.ENDED);
            end(fault);
        }
    }

    private InjectedFault begin(String kind, ShopInstance victim, String description) {
        return begin(kind, victim.name(), description);
    }

    private InjectedFault begin(String kind, String victim, String description) {
        var fault = new InjectedFault(kind, victim, description, load.now());
        load.count(fault);
        return fault;
    }

    private void end(InjectedFault fault) {
        fault.end(load.now());
    }

    private void await(double fraction) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep((long) (fraction * durationNanos) - load.now());
    }
}
