import dev.treaty.Treaty;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.registry.compat.ConsulApi;
import dev.treaty.registry.compat.PrometheusApi;

class CompatExample {
    void open(Treaty treaty) {
        // @start region="open"
        var server =
                new HttpServer(HttpServerOptions.STANDARD.at("127.0.0.1", 8500), Time.system(), RandomSource.system());
        server.handle("/v1/", new ConsulApi(treaty.registry(), Time.system()));
        server.handle("/prometheus/", new PrometheusApi(treaty.registry()));
        // @end
    }
}
