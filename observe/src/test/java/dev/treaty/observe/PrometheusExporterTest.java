package dev.treaty.observe;

import static dev.treaty.observe.Traffic.ORDERS;
import static dev.treaty.observe.Traffic.added;
import static dev.treaty.observe.Traffic.attempt;
import static dev.treaty.observe.Traffic.call;
import static dev.treaty.observe.Traffic.ended;
import static dev.treaty.observe.Traffic.failed;
import static dev.treaty.observe.Traffic.fault;
import static dev.treaty.observe.Traffic.ok;
import static dev.treaty.observe.Traffic.removed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Origin;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Side;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrometheusExporterTest {
    private final MetricsRecorder recorder = new MetricsRecorder(new ManualTime());
    private final PrometheusExporter exporter = new PrometheusExporter(recorder);

    @AfterEach
    void close() {
        exporter.close();
    }

    @Test
    void counts_are_published() {
        recorder.emit(ended("get", ok(Duration.ofNanos(700_000))));
        recorder.emit(ended("get", failed(Code.NOT_FOUND, Duration.ofMillis(40))));
        recorder.emit(ended(Side.SERVER, ORDERS, "get", ok(Duration.ofSeconds(20))));
        recorder.emit(added("a", Status.PASSING));
        recorder.emit(added("b", Status.PASSING));
        recorder.emit(attempt("a", ok(Duration.ofMillis(1))));
        recorder.emit(new Event.RetryScheduled(call(ORDERS, "get"), fault(), Duration.ZERO));
        recorder.emit(new Event.FallbackServed(call(ORDERS, "get"), fault(), Origin.STATIC));
        recorder.emit(new Event.BreakerChanged(ORDERS, "b", "CLOSED", "OPEN", "5 failures in a row"));

        assertThat(exporter.scrape().lines())
                .contains(
                        "# TYPE treaty_calls_seconds histogram",
                        "treaty_calls_seconds_bucket{operation=\"get\","
                                + "service=\"shop.Orders\",side=\"client\",le=\"0.001\"} 1",
                        "treaty_calls_seconds_bucket{operation=\"get\","
                                + "service=\"shop.Orders\",side=\"client\",le=\"0.025\"} 1",
                        "treaty_calls_seconds_bucket{operation=\"get\","
                                + "service=\"shop.Orders\",side=\"client\",le=\"0.05\"} 2",
                        "treaty_calls_seconds_count{operation=\"get\",service=\"shop.Orders\",side=\"client\"} 2",
                        "treaty_calls_seconds_bucket{operation=\"get\","
                                + "service=\"shop.Orders\",side=\"server\",le=\"10.0\"} 0",
                        "treaty_calls_seconds_bucket{operation=\"get\","
                                + "service=\"shop.Orders\",side=\"server\",le=\"+Inf\"} 1",
                        "treaty_calls_total{code=\"ok\",operation=\"get\",service=\"shop.Orders\",side=\"client\"} 1.0",
                        "treaty_calls_total{code=\"not_found\","
                                + "operation=\"get\",service=\"shop.Orders\",side=\"client\"} 1.0",
                        "treaty_attempts_total{service=\"shop.Orders\"} 1.0",
                        "treaty_retries_total{service=\"shop.Orders\"} 1.0",
                        "treaty_retries_refused_total{service=\"shop.Orders\"} 0.0",
                        "treaty_fallbacks_total{origin=\"static\",service=\"shop.Orders\"} 1.0",
                        "treaty_breaker_openings_total{service=\"shop.Orders\"} 1.0",
                        "treaty_instances{health=\"passing\",service=\"shop.Orders\"} 2.0",
                        "treaty_breakers{service=\"shop.Orders\",state=\"open\"} 1.0");
    }

    @Test
    void removed_instances_are_not_published() {
        recorder.emit(added("a", Status.PASSING));
        assertThat(exporter.scrape()).contains("treaty_instances{");
        recorder.emit(removed("a"));
        assertThat(exporter.scrape()).doesNotContain("treaty_instances{");
    }

    @Test
    void every_line_is_a_comment_or_a_sample() {
        recorder.emit(ended("odd \"name\"\n", ok(Duration.ofMillis(1))));
        exporter.registry().counter("shop.orders", "kind", "gift").increment();
        String label = "[a-z_]+=\"(?:[^\"\\\\\\n]|\\\\[\\\\\"n])*\"";
        assertThat(exporter.scrape().lines())
                .isNotEmpty()
                .anyMatch(line -> line.startsWith("shop_orders_total{kind=\"gift\"} 1"))
                .allMatch(line ->
                        line.matches("# (HELP|TYPE) .*|[a-z_]+(\\{" + label + "(," + label + ")*})? [0-9.E+-]+"));
    }

    @Test
    void control_characters_reach_no_label_W11() {
        recorder.emit(ended("a\u001b]0;x\u0007\u202eb", ok(Duration.ofMillis(1))));
        recorder.emit(new Event.BreakerChanged(ORDERS, "b", "CLOSED", "OP\u001bEN\n", "5 failures in a row"));
        assertThat(exporter.scrape().lines()).allMatch(PrintableText::isPrintable);
    }

    @ParameterizedTest
    @ValueSource(strings = {"treaty.calls", "treaty_calls", "treaty.calls.seconds", "treaty-instances"})
    void a_meter_with_a_name_of_treaty_is_rejected_and_fails_no_scrape(String name) {
        recorder.emit(ended("get", ok(Duration.ofMillis(1))));
        var registry = exporter.registry();
        assertThatThrownBy(() -> registry.counter(name)).hasMessageContaining("reserved");
        assertThatThrownBy(() -> registry.gauge(name, 1)).hasMessageContaining("reserved");
        assertThat(exporter.scrape()).contains("treaty_calls_total{");
    }

    @Test
    void names_that_are_equal_once_printable_are_counted_together_W11() {
        for (String hidden : List.of("\u001b", "\u009b", "\u202e")) {
            recorder.emit(ended("a" + hidden, ok(Duration.ofMillis(1))));
            recorder.emit(new Event.BreakerChanged(ORDERS, "b" + hidden.codePointAt(0), "CLOSED", "X" + hidden, "r"));
        }
        assertThat(exporter.scrape())
                .contains(
                        "treaty_calls_total{code=\"ok\",operation=\"a \",service=\"shop.Orders\",side=\"client\"} 3.0")
                .contains("treaty_breakers{service=\"shop.Orders\",state=\"x \"} 3.0");
    }
}
