package dev.treaty.observe;

import static dev.treaty.observe.Traffic.ORDERS;
import static dev.treaty.observe.Traffic.added;
import static dev.treaty.observe.Traffic.attempt;
import static dev.treaty.observe.Traffic.call;
import static dev.treaty.observe.Traffic.ended;
import static dev.treaty.observe.Traffic.failed;
import static dev.treaty.observe.Traffic.fault;
import static dev.treaty.observe.Traffic.removed;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Origin;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Side;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

class EventLogTest {
    private final ManualTime time = new ManualTime();
    private final Lines lines = new Lines(Level.DEBUG);
    private final EventLog log = new EventLog(lines, time);

    /** A logger that stores its lines. */
    private static final class Lines extends LegacyAbstractLogger {
        private static final long serialVersionUID = 1;

        private final Level lowest;
        private final transient List<String> written = new ArrayList<>();

        Lines(Level lowest) {
            this.lowest = lowest;
            this.name = EventLog.NAME;
        }

        @Override
        protected String getFullyQualifiedCallerName() {
            return EventLog.class.getName();
        }

        @Override
        protected void handleNormalizedLoggingCall(
                Level level, Marker marker, String message, Object[] arguments, Throwable thrown) {
            String line = MessageFormatter.basicArrayFormat(message, arguments);
            written.add(level + " " + line + (thrown == null ? "" : " caused by " + thrown));
        }

        private boolean writes(Level level) {
            return level.toInt() >= lowest.toInt();
        }

        @Override
        public boolean isTraceEnabled() {
            return writes(Level.TRACE);
        }

        @Override
        public boolean isDebugEnabled() {
            return writes(Level.DEBUG);
        }

        @Override
        public boolean isInfoEnabled() {
            return writes(Level.INFO);
        }

        @Override
        public boolean isWarnEnabled() {
            return writes(Level.WARN);
        }

        @Override
        public boolean isErrorEnabled() {
            return writes(Level.ERROR);
        }
    }

    private static Event opened(String reason) {
        return new Event.BreakerChanged(ORDERS, "a", "HALF_OPEN", "OPEN", reason);
    }

    @Test
    void each_event_that_matters_is_one_line() {
        log.emit(opened("the probe failed"));
        log.emit(new Event.RegistryChanged(
                "treaty://127.0.0.1:7400", false, true, "the registry treaty://127.0.0.1:7400 cannot be reached"));
        log.emit(new Event.RegistryChanged("treaty://127.0.0.1:7400", true, true, "it refuses shop.Orders"));
        log.emit(added("a", Status.PASSING));
        log.emit(new Event.DiscoveryChanged(new DiscoveryEvent.Updated(
                Traffic.instance("a", Status.CRITICAL), Traffic.instance("a"), Instant.EPOCH)));
        log.emit(removed("a"));
        log.emit(new Event.RetryRefused(call(ORDERS, "get"), fault(), "the budget is spent"));
        log.emit(new Event.FallbackServed(call(ORDERS, "get"), fault(), Origin.CACHED));
        assertThat(lines.written)
                .containsExactly(
                        "WARN breaker of shop.Orders at a went from half-open to open: the probe failed",
                        "WARN the registry treaty://127.0.0.1:7400 cannot be reached",
                        "WARN registry treaty://127.0.0.1:7400: it refuses shop.Orders",
                        "INFO instance a of shop.Orders at http://127.0.0.1:8080 registered, version 1.4.0",
                        "DEBUG instance a of shop.Orders at http://127.0.0.1:8080 changed, health from passing to"
                                + " critical",
                        "INFO instance a of shop.Orders at http://127.0.0.1:8080 removed: closed",
                        "DEBUG shop.Orders/get failed with unavailable and is not retried: the budget is spent",
                        "DEBUG shop.Orders/get failed with unavailable and a fallback responded: cached");
    }

    @Test
    void changes_of_ejection_and_panic_are_logged() {
        log.emit(new Event.EjectionChanged(ORDERS, "a", true, "40 % of 120 calls failed"));
        log.emit(new Event.EjectionChanged(ORDERS, "a", false, "a probe succeeded"));
        log.emit(new Event.PanicChanged(ORDERS, true, 6, 10));
        log.emit(new Event.PanicChanged(ORDERS, false, 2, 10));
        log.emit(new Event.FaultInjected(Side.CLIENT, call(ORDERS, "get"), "delay of 10ms"));
        assertThat(lines.written)
                .containsExactly(
                        "WARN shop.Orders at a is ejected: 40 % of 120 calls failed",
                        "INFO shop.Orders at a is no longer ejected: a probe succeeded",
                        "WARN 6 of 10 instances of shop.Orders are unhealthy: too many to exclude, so all get calls",
                        "INFO 2 of 10 instances of shop.Orders are unhealthy: they are excluded",
                        "DEBUG a configured fault was injected into shop.Orders/get (client): delay of 10ms");
    }

    @Test
    void an_internal_error_is_logged_with_its_cause() {
        log.emit(new Event.HandlerFailed(call(ORDERS, "get"), new IllegalStateException("no database")));
        assertThat(lines.written)
                .containsExactly("ERROR internal error handling shop.Orders/get caused by"
                        + " java.lang.IllegalStateException: no database");
    }

    @Test
    void single_calls_and_secrets_are_not_logged() {
        log.emit(ended("get", failed(Code.INTERNAL, Duration.ofMillis(1))));
        log.emit(attempt("a", failed(Code.INTERNAL, Duration.ofMillis(1))));
        log.emit(new Event.RetryScheduled(call(ORDERS, "get"), fault(), Duration.ZERO));
        assertThat(lines.written).isEmpty();
        log.emit(new Event.RetryRefused(call(ORDERS, "get"), fault(), "the budget is spent"));
        assertThat(lines.written).hasSize(1).noneMatch(line -> line.contains("secret"));
    }

    @Test
    void a_reason_cannot_forge_a_line() {
        log.emit(opened("over\nWARN forged\u2028again " + "x".repeat(1000)));
        assertThat(lines.written).hasSize(1);
        assertThat(lines.written.getFirst()).contains("over WARN forged again").hasSizeLessThan(450);
    }

    @Test
    void omitted_lines_are_counted() {
        for (int i = 0; i < EventLog.LINES_MAX + 30; i++) {
            log.emit(opened("again"));
        }
        assertThat(lines.written).hasSize(EventLog.LINES_MAX);
        log.emit(new Event.RetryRefused(call(ORDERS, "get"), fault(), "the budget is spent"));
        assertThat(lines.written).hasSize(EventLog.LINES_MAX + 1);
        time.advance(Duration.ofSeconds(EventLog.PERIOD_SECONDS));
        log.emit(opened("once more"));
        assertThat(lines.written.subList(EventLog.LINES_MAX + 1, lines.written.size()))
                .containsExactly(
                        "WARN 30 lines were omitted",
                        "WARN breaker of shop.Orders at a went from half-open to open: once more");
    }

    @Test
    void control_characters_reach_no_line_W11() {
        log.emit(opened("a\u001b]0;x\u0007b\u0085c\u202ed\u009be"));
        log.emit(new Event.RegistryChanged("treaty://a:1", false, true, "no\nWARN forged"));
        log.emit(new Event.HandlerFailed(call(ORDERS, "get"), new IllegalStateException("a\nERROR forged\u001b[2J")));
        assertThat(lines.written).hasSize(3).allMatch(PrintableText::isPrintable);
    }

    @Test
    void secrets_reach_no_line_W12() {
        var cause = new IllegalStateException("no route to jdbc:postgresql://app:hunter2@db/shop?password=hunter2");
        log.emit(new Event.HandlerFailed(call(ORDERS, "get"), new IllegalArgumentException(cause)));
        log.emit(new Event.ThreadFailed("treaty-x", cause));
        log.emit(new Event.RegistryChanged(
                "etcd://root:hunter2@a:1", false, true, "etcd://root:hunter2@a:1 is not reachable"));
        log.emit(opened("5 of 10 calls failed: token=hunter2"));
        assertThat(lines.written).hasSize(4).noneMatch(line -> line.contains("hunter2"));
        assertThat(lines.written.getFirst()).contains("caused by java.lang.IllegalArgumentException: ");
    }
}
