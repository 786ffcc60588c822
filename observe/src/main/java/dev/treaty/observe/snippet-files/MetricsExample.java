import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.EventStream;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;
import dev.treaty.observe.MetricsRecorder;
import dev.treaty.observe.PrometheusExporter;

class MetricsExample {
    void observe(EventStream events) {
        // @start region="metrics"
        var metrics = new MetricsRecorder(Time.system());
        events.subscribe(metrics);
        double p99 = metrics.metrics(new ServiceName("shop.Orders"), Side.CLIENT)
                .minute()
                .p99Millis();
        String page = new PrometheusExporter(metrics).scrape();
        // @end
    }
}
