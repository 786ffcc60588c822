package dev.treaty.observe;

import static dev.treaty.observe.ServiceCounts.word;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Fault;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Time;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Logs the events that matter to operators: internal errors of services with their stack traces, changes of breakers,
 * ejection, the registry and instances; and at level debug changes of health, refused retries, fallbacks and injected
 * faults. It never logs arguments, results or the messages of faults, because they may contain secrets; secrets in
 * other texts and in the messages of exceptions are {@linkplain Secrets masked}, and each line is {@linkplain
 * PrintableText printable}.
 *
 * <p>At most {@value #LINES_MAX} lines are logged in {@value #PERIOD_SECONDS} seconds, and as many at level debug; the
 * first line after that states how many were omitted.
 */
public final class EventLog implements Events {
    /** The name of the logger. */
    public static final String NAME = "dev.treaty.events";

    /** The maximum number of lines in a period. */
    public static final int LINES_MAX = 100;

    /** The length of a period, in seconds. */
    public static final int PERIOD_SECONDS = 10;

    private static final int TEXT_LENGTH_MAX = 400;
    private static final long PERIOD_NANOS = PERIOD_SECONDS * 1_000_000_000L;

    private final Logger log;
    private final Time time;
    private final LineLimit limit;
    private final LineLimit debugLimit;

    /** Logs to the logger with this {@link #NAME}. */
    public EventLog(Time time) {
        this(LoggerFactory.getLogger(NAME), time);
    }

    /** Logs to a logger. */
    public EventLog(Logger log, Time time) {
        this.log = log;
        this.time = time;
        this.limit = new LineLimit(time.nanoTime());
        this.debugLimit = new LineLimit(time.nanoTime());
    }

    /** Limits the lines in a period. */
    private static final class LineLimit {
        private record Period(long startNanos, int lines) {
            Period next(long now) {
                return now - startNanos >= PERIOD_NANOS ? new Period(now, 1) : new Period(startNanos, lines + 1);
            }
        }

        private final AtomicReference<Period> period;

        LineLimit(long now) {
            period = new AtomicReference<>(new Period(now, 0));
        }

        /** Returns a negative number if the line must be omitted, else how many were omitted before it. */
        int take(long now) {
            Period before = period.getAndUpdate(last -> last.next(now));
            Period after = before.next(now);
            if (after.lines > LINES_MAX) {
                return -1;
            }
            return after.lines == 1 ? Math.max(0, before.lines - LINES_MAX) : 0;
        }
    }

    @Override
    public void emit(Event event) {
        switch (event) {
            case Event.BreakerChanged(var service, var instance, var before, var after, var reason) ->
                write(
                        word(after).equals("open") ? Level.WARN : Level.INFO,
                        () -> "breaker of " + service + (instance.isEmpty() ? "" : " at " + instance) + " went from "
                                + word(before) + " to " + word(after) + ": " + reason);
            case Event.EjectionChanged(var service, var instance, var ejected, var reason) ->
                write(
                        ejected ? Level.WARN : Level.INFO,
                        () -> service + " at " + instance + (ejected ? " is ejected: " : " is no longer ejected: ")
                                + reason);
            case Event.PanicChanged(var service, var panic, var unhealthy, var instances) ->
                write(
                        panic ? Level.WARN : Level.INFO,
                        () -> unhealthy + " of " + instances + " instances of " + service + " are unhealthy: "
                                + (panic ? "too many to exclude, so all get calls" : "they are excluded"));
            case Event.FaultInjected(var side, var call, var fault) ->
                write(
                        Level.DEBUG,
                        () -> "a configured fault was injected into " + call.path() + " (" + word(side.name()) + "): "
                                + fault);
            case Event.RegistryChanged(var registry, var _, var problem, var message) ->
                write(
                        problem ? Level.WARN : Level.INFO,
                        () -> message.contains(registry) ? message : "registry " + registry + ": " + message);
            case Event.DiscoveryChanged(DiscoveryEvent.Added(var instance, var _)) ->
                write(Level.INFO, () -> name(instance) + " registered, version " + instance.version());
            case Event.DiscoveryChanged(DiscoveryEvent.Removed(var instance, var reason, var _)) ->
                write(Level.INFO, () -> name(instance) + " removed: " + reason);
            case Event.DiscoveryChanged(DiscoveryEvent.Updated(var instance, var before, var _)) ->
                write(
                        Level.DEBUG,
                        () -> name(instance) + " changed, health from " + health(before) + " to " + health(instance));
            case Event.RetryRefused(var call, var fault, var reason) ->
                write(Level.DEBUG, () -> failed(call, fault) + " and is not retried: " + reason);
            case Event.FallbackServed(var call, var fault, var origin) ->
                write(Level.DEBUG, () -> failed(call, fault) + " and a fallback responded: " + word(origin.name()));
            case Event.ConfigurationChanged(var _, var refused, var _, var message) ->
                write(refused ? Level.WARN : Level.INFO, () -> message);
            case Event.SecurityNoticed(var problem, var message) ->
                write(problem ? Level.WARN : Level.INFO, () -> message);
            case Event.HandlerFailed(var call, var cause) ->
                write(Level.ERROR, () -> "internal error handling " + call.path(), cause);
            case Event.ThreadFailed(var thread, var cause) ->
                write(Level.ERROR, () -> "thread " + thread + " failed", cause);
            case Event.CallEnded _, Event.AttemptEnded _, Event.RetryScheduled _, Event.CallMirrored _ -> {
                // Too frequent for a log; metrics count them.
            }
        }
    }

    private static String failed(Call call, Fault fault) {
        return call.path() + " failed with " + fault.code().wire();
    }

    private static String name(ServiceInstance instance) {
        return "instance " + instance.id() + " of " + instance.service() + " at " + instance.endpoint();
    }

    private static String health(ServiceInstance instance) {
        return word(instance.health().status().name());
    }

    private void write(Level level, Supplier<String> text) {
        write(level, text, null);
    }

    private void write(Level level, Supplier<String> text, @Nullable Throwable cause) {
        if (!log.isEnabledForLevel(level)) {
            return;
        }
        int omitted = (level == Level.DEBUG ? debugLimit : limit).take(time.nanoTime());
        if (omitted > 0) {
            log.atLevel(level).log("{} lines were omitted", omitted);
        }
        if (omitted >= 0) {
            log.atLevel(level)
                    .setCause(cause == null ? null : Secrets.mask(cause))
                    .log("{}", PrintableText.line(Secrets.mask(text.get()), TEXT_LENGTH_MAX));
        }
    }
}
