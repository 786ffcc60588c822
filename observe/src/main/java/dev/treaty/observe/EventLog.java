package dev.treaty.observe;

import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Writes to the log what a person who runs the process wants to know: mistakes of its own services with their stack
 * traces, breakers, the registry, instances that come and go; and for debugging, changes of health, refused retries and
 * fallbacks. Arguments, results and the messages of faults are never written, since they may hold what nobody should
 * read.
 *
 * <p>At most {@value #LINES_MAX} lines are written in {@value #PERIOD_SECONDS} seconds, and as many again for
 * debugging; the first line after that tells how many were left out.
 */
public final class EventLog implements Events {
    /** The name of the log. */
    public static final String NAME = "dev.treaty.events";

    /** The most lines in a period. */
    public static final int LINES_MAX = 100;

    /** How long a period is, in seconds. */
    public static final int PERIOD_SECONDS = 10;

    private static final int TEXT_LENGTH_MAX = 400;
    private static final long PERIOD_NANOS = PERIOD_SECONDS * 1_000_000_000L;

    private final Logger log;
    private final Time time;
    private final Allowance usual;
    private final Allowance debugging;

    /** Writes to the log of that {@link #NAME}. */
    public EventLog(Time time) {
        this(LoggerFactory.getLogger(NAME), time);
    }

    /** Writes to that log. */
    public EventLog(Logger log, Time time) {
        this.log = log;
        this.time = time;
        this.usual = new Allowance(time.nanoTime());
        this.debugging = new Allowance(time.nanoTime());
    }

    /** The lines that may still be written. */
    private static final class Allowance {
        private record Period(long startNanos, int wanted) {}

        private final AtomicReference<Period> period;

        Allowance(long now) {
            period = new AtomicReference<>(new Period(now, 0));
        }

        /** Asks for a line: less than zero where it may not be written, else how many were left out before it. */
        int take(long now) {
            Period before;
            Period after;
            do {
                before = period.get();
                boolean over = now - before.startNanos >= PERIOD_NANOS;
                after = over ? new Period(now, 1) : new Period(before.startNanos, before.wanted + 1);
            } while (!period.compareAndSet(before, after));
            if (after.wanted > LINES_MAX) {
                return -1;
            }
            return after.wanted == 1 ? Math.max(0, before.wanted - LINES_MAX) : 0;
        }
    }

    @Override
    public void emit(Event event) {
        switch (event) {
            case Event.BreakerChanged(var service, var instance, var before, var after, var reason) -> {
                String what = instance.isEmpty() ? service.value() : service + " at " + instance;
                Level level = word(after).equals("open") ? Level.WARN : Level.INFO;
                write(
                        level,
                        "breaker of " + what + " went from " + word(before) + " to " + word(after) + ": " + reason);
            }
            case Event.EjectionChanged(var service, var instance, var ejected, var reason) ->
                write(
                        ejected ? Level.WARN : Level.INFO,
                        service + " at " + instance + (ejected ? " is ejected: " : " is back: ") + reason);
            case Event.PanicChanged(var service, var panic, var sick, var instances) ->
                write(
                        panic ? Level.WARN : Level.INFO,
                        sick + " of " + instances + " instances of " + service + " are sick: "
                                + (panic ? "more than may be left out, so all get calls" : "the sick are left out"));
            case Event.FaultInjected(var side, var call, var fault) -> {
                if (log.isDebugEnabled()) {
                    write(
                            Level.DEBUG,
                            "a configured fault met " + call.path() + " (" + word(side.name()) + "): " + fault);
                }
            }
            case Event.RegistryChanged(var registry, var reachable, var message) ->
                write(
                        reachable ? Level.INFO : Level.WARN,
                        message.contains(registry) ? message : "registry " + registry + ": " + message);
            case Event.DiscoveryChanged(DiscoveryEvent.Added(var instance, var _)) ->
                write(Level.INFO, name(instance) + " is there, version " + instance.version());
            case Event.DiscoveryChanged(DiscoveryEvent.Removed(var instance, var reason, var _)) ->
                write(Level.INFO, name(instance) + " is gone: " + reason);
            case Event.DiscoveryChanged(DiscoveryEvent.Updated(var instance, var before, var _)) ->
                updated(instance, before);
            case Event.RetryRefused(var call, var fault, var reason) -> {
                if (log.isDebugEnabled()) {
                    String outcome =
                            call.path() + " failed with " + fault.code().wire();
                    write(Level.DEBUG, outcome + " and is not tried again: " + reason);
                }
            }
            case Event.FallbackServed(var call, var fault, var origin) -> {
                if (log.isDebugEnabled()) {
                    String outcome =
                            call.path() + " failed with " + fault.code().wire();
                    write(Level.DEBUG, outcome + " and was answered by a fallback: " + word(origin.name()));
                }
            }
            case Event.HandlerFailed(var call, var cause) ->
                write(Level.ERROR, "the service made a mistake handling " + call.path(), cause);
            case Event.CallEnded _, Event.AttemptEnded _, Event.RetryScheduled _, Event.CallMirrored _ -> {
                // Too many to write; metrics count them.
            }
        }
    }

    private void updated(ServiceInstance instance, ServiceInstance before) {
        if (log.isDebugEnabled()) {
            String from = word(before.health().status().name());
            String to = word(instance.health().status().name());
            write(Level.DEBUG, name(instance) + " changed, health from " + from + " to " + to);
        }
    }

    private static String name(ServiceInstance instance) {
        return "instance " + instance.id() + " of " + instance.service() + " at " + instance.endpoint();
    }

    private static String word(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private void write(Level level, String text) {
        write(level, text, null);
    }

    private void write(Level level, String text, @Nullable Throwable cause) {
        if (!log.isEnabledForLevel(level)) {
            return;
        }
        int leftOut = (level == Level.DEBUG ? debugging : usual).take(time.nanoTime());
        if (leftOut > 0) {
            log.atLevel(level).log("{} lines were left out here", leftOut);
        }
        if (leftOut >= 0) {
            log.atLevel(level).setCause(cause).log("{}", printable(text));
        }
    }

    /** The text as one line, since names and reasons come from other processes. */
    private static String printable(String text) {
        String cut = text.length() > TEXT_LENGTH_MAX ? text.substring(0, TEXT_LENGTH_MAX) + "…" : text;
        return cut.codePoints()
                .map(c -> Character.isISOControl(c) || c == 0x2028 || c == 0x2029 ? ' ' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
