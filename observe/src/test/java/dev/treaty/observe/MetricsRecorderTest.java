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
import static org.assertj.core.api.Assertions.within;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Origin;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MetricsRecorderTest {
    private static final Duration MILLI = Duration.ofMillis(1);

    private final ManualTime time = new ManualTime();
    private final MetricsRecorder recorder = new MetricsRecorder(time);

    private ServiceMetrics client() {
        return recorder.metrics(ORDERS, Side.CLIENT);
    }

    @Test
    void calls_are_counted_by_operation_and_code_and_in_total() {
        recorder.emit(ended("get", ok(MILLI)));
        recorder.emit(ended("get", failed(Code.NOT_FOUND, MILLI)));
        recorder.emit(ended("place", failed(Code.UNAVAILABLE, MILLI.multipliedBy(100))));
        recorder.emit(ended("place", ok(MILLI)));

        ServiceMetrics metrics = client();
        assertThat(metrics.total().requests()).isEqualTo(4);
        assertThat(metrics.total().successes()).isEqualTo(2);
        assertThat(metrics.total().failures()).isEqualTo(2);
        assertThat(metrics.total().successRate()).isEqualTo(0.5);
        assertThat(metrics.total().errorRate()).isEqualTo(0.5);
        assertThat(metrics.total().errors()).isEqualTo(Map.of(Code.NOT_FOUND, 1L, Code.UNAVAILABLE, 1L));
        assertThat(metrics.total().maxMillis()).isCloseTo(100, within(1.0));
        assertThat(metrics.total().averageMillis()).isCloseTo(25.75, within(0.3));
        assertThat(metrics.operations()).extracting(OperationMetrics::operation).containsExactly("get", "place");
        assertThat(metrics.operations().getFirst().total().errors()).isEqualTo(Map.of(Code.NOT_FOUND, 1L));
    }

    @Test
    void sides_are_counted_separately() {
        recorder.emit(ended(Side.SERVER, ORDERS, "get", ok(MILLI)));
        assertThat(client().total().requests()).isZero();
        assertThat(recorder.metrics(ORDERS, Side.SERVER).total().requests()).isEqualTo(1);
        assertThat(recorder.metrics(Side.SERVER))
                .extracting(ServiceMetrics::service)
                .containsExactly(ORDERS);
        assertThat(recorder.metrics(Side.CLIENT)).isEmpty();
    }

    @Test
    void the_minute_excludes_older_calls_and_the_total_includes_them() {
        recorder.emit(ended("get", failed(Code.INTERNAL, Duration.ofSeconds(2))));
        time.advance(Duration.ofSeconds(50));
        recorder.emit(ended("get", ok(MILLI)));
        assertThat(client().minute().requests()).isEqualTo(2);
        assertThat(client().minute().seconds()).isEqualTo(50);

        time.advance(Duration.ofSeconds(20));
        CallStatistics minute = client().minute();
        assertThat(minute.requests()).isEqualTo(1);
        assertThat(minute.errors()).isEmpty();
        assertThat(minute.maxMillis()).isCloseTo(1, within(0.01));
        assertThat(minute.seconds()).isBetween(55.0, 60.0);

        time.advance(Duration.ofMinutes(1));
        assertThat(client().minute().requests()).isZero();
        assertThat(client().minute().successRate()).isEqualTo(1);
        assertThat(client().total().requests()).isEqualTo(2);
        assertThat(client().total().seconds()).isEqualTo(130);
    }

    @Test
    void the_minute_excludes_older_calls_without_being_read() {
        for (int second = 0; second < 300; second++) {
            recorder.emit(ended("get", ok(MILLI)));
            time.advance(Duration.ofSeconds(1));
        }
        assertThat(client().minute().requests()).isBetween(55L, 60L);
        assertThat(client().minute().requestsPerSecond()).isCloseTo(1, within(0.1));
        assertThat(client().total().requests()).isEqualTo(300);
    }

    @Test
    void the_time_of_the_last_call_is_reported() {
        recorder.emit(ended("get", ok(MILLI)));
        time.advance(Duration.ofSeconds(7));
        recorder.emit(ended("get", ok(MILLI)));
        var counted = time.instant();
        time.advance(Duration.ofHours(1));
        assertThat(client().updatedAt()).isEqualTo(counted);
    }

    @Test
    void attempts_retries_fallbacks_and_breakers_are_counted() {
        recorder.emit(attempt("a", failed(Code.UNAVAILABLE, MILLI)));
        recorder.emit(attempt("b", ok(MILLI)));
        recorder.emit(new Event.RetryScheduled(call(ORDERS, "get"), fault(), MILLI));
        recorder.emit(new Event.RetryRefused(call(ORDERS, "get"), fault(), "the budget is spent"));
        recorder.emit(new Event.FallbackServed(call(ORDERS, "get"), fault(), Origin.CACHED));
        recorder.emit(new Event.BreakerChanged(ORDERS, "a", "CLOSED", "OPEN", "5 failures in a row"));
        recorder.emit(new Event.BreakerChanged(ORDERS, "a", "OPEN", "HALF_OPEN", "a second is over"));
        recorder.emit(ended("get", ok(MILLI)));

        ServiceMetrics metrics = client();
        assertThat(metrics.attempts()).isEqualTo(2);
        assertThat(metrics.retries()).isEqualTo(1);
        assertThat(metrics.retriesRefused()).isEqualTo(1);
        assertThat(metrics.fallbacks()).isEqualTo(Map.of(Origin.CACHED, 1L));
        assertThat(metrics.breakerOpenings()).isEqualTo(1);
        assertThat(metrics.instances()).extracting(InstanceMetrics::instance).containsExactly("a", "b");
        assertThat(metrics.instances().getFirst().breaker()).isEqualTo("half-open");
        assertThat(metrics.instances().getFirst().total().errors()).isEqualTo(Map.of(Code.UNAVAILABLE, 1L));
        assertThat(metrics.instances().getLast().total().successes()).isEqualTo(1);
    }

    @Test
    void a_removed_instance_has_no_metrics() {
        recorder.emit(added("a", Status.WARNING));
        recorder.emit(attempt("a", ok(MILLI)));
        assertThat(client().instances()).extracting(InstanceMetrics::health).containsExactly("warning");
        recorder.emit(removed("a"));
        assertThat(client().instances()).isEmpty();
        assertThat(client().attempts()).isEqualTo(1);
    }

    @Test
    void an_instance_whose_last_attempt_ended_after_its_removal_is_removed_later() {
        recorder.emit(added("a", Status.PASSING));
        recorder.emit(removed("a"));
        recorder.emit(attempt("a", ok(MILLI)));
        recorder.emit(added("b", Status.PASSING));
        assertThat(client().instances()).hasSize(2);
        time.advance(ServiceCounts.UNKNOWN_IDLE_MAX.plusSeconds(1));
        assertThat(client().instances()).extracting(InstanceMetrics::instance).containsExactly("b");
    }

    @Test
    void operations_beyond_the_limit_are_counted_together() {
        for (int i = 0; i < MetricsRecorder.OPERATIONS_MAX + 20; i++) {
            recorder.emit(ended(Side.SERVER, ORDERS, "operation" + i, ok(MILLI)));
        }
        ServiceMetrics metrics = recorder.metrics(ORDERS, Side.SERVER);
        assertThat(metrics.operations()).hasSize(MetricsRecorder.OPERATIONS_MAX + 1);
        assertThat(metrics.operations())
                .filteredOn(operation -> operation.operation().equals(MetricsRecorder.OTHER))
                .singleElement()
                .satisfies(other -> assertThat(other.total().requests()).isEqualTo(20));
        assertThat(metrics.total().requests()).isEqualTo(MetricsRecorder.OPERATIONS_MAX + 20);
    }

    @Test
    void services_beyond_the_limit_are_counted_together() {
        for (int i = 0; i < MetricsRecorder.SERVICES_MAX + 5; i++) {
            recorder.emit(ended(Side.CLIENT, new ServiceName("service" + i), "get", ok(MILLI)));
        }
        assertThat(recorder.metrics(Side.CLIENT)).hasSize(MetricsRecorder.SERVICES_MAX + 1);
        ServiceMetrics other = recorder.metrics(new ServiceName(MetricsRecorder.OTHER), Side.CLIENT);
        assertThat(other.total().requests()).isEqualTo(5);
    }

    @Test
    void removed_instances_make_room_for_others() {
        for (int i = 0; i < 3 * MetricsRecorder.INSTANCES_MAX; i++) {
            recorder.emit(added("i" + i, Status.PASSING));
            recorder.emit(removed("i" + i));
        }
        for (int i = 0; i < MetricsRecorder.INSTANCES_MAX + 3; i++) {
            recorder.emit(attempt("i" + i, ok(MILLI)));
        }
        List<InstanceMetrics> instances = client().instances();
        assertThat(instances).hasSize(MetricsRecorder.INSTANCES_MAX + 1);
        assertThat(instances)
                .filteredOn(i -> i.instance().equals(MetricsRecorder.OTHER))
                .extracting(i -> i.total().requests())
                .containsExactly(3L);
    }

    @Test
    void concurrent_counts_are_not_lost_while_metrics_are_read() throws InterruptedException {
        int threads = 8;
        int each = 50_000;
        var workers = new ArrayList<Thread>();
        for (int worker = 0; worker < threads; worker++) {
            var response = worker % 2 == 0 ? ok(Duration.ofNanos(300_000L * worker)) : failed(Code.ABORTED, MILLI);
            workers.add(Thread.ofPlatform().start(() -> {
                Event event = ended("get", response);
                for (int i = 0; i < each; i++) {
                    recorder.emit(event);
                }
            }));
        }
        IntStream.range(0, 200).forEach(_ -> {
            time.advance(Duration.ofMillis(250));
            assertThat(client().total().requests()).isLessThanOrEqualTo((long) threads * each);
        });
        for (Thread worker : workers) {
            worker.join();
        }
        assertThat(client().total().requests()).isEqualTo((long) threads * each);
        assertThat(client().total().successes()).isEqualTo((long) threads * each / 2);
        assertThat(client().minute().requests()).isEqualTo((long) threads * each);
    }

    @Test
    void a_report_has_both_sides() {
        recorder.emit(ended("get", ok(MILLI)));
        recorder.emit(ended(Side.SERVER, new ServiceName("shop.Stock"), "take", ok(MILLI)));
        var startedAt = time.instant();
        time.advance(Duration.ofSeconds(3));
        StatusReport report = recorder.report("storefront");
        assertThat(report.application()).isEqualTo("storefront");
        assertThat(report.startedAt()).isEqualTo(startedAt);
        assertThat(report.timestamp()).isEqualTo(startedAt.plusSeconds(3));
        assertThat(report.client()).containsExactly(client());
        assertThat(report.server()).extracting(m -> m.service().value()).containsExactly("shop.Stock");
    }

    @Test
    void a_wait_for_news_is_no_latency_C9() {
        for (int i = 0; i < 100; i++) {
            var watch = call(ORDERS, "watch");
            watch.context().record().waited(Duration.ofSeconds(25).toNanos());
            recorder.emit(new Event.CallEnded(Side.SERVER, watch, ok(Duration.ofMillis(25_002))));
        }
        ServiceMetrics metrics = recorder.metrics(ORDERS, Side.SERVER);
        assertThat(metrics.minute().requests()).isEqualTo(100);
        assertThat(metrics.minute().p99Millis()).isBetween(1.9, 2.1);
    }
}
