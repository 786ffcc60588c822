import dev.treaty.Treaty;
import dev.treaty.core.time.Chance;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.registry.doors.ConsulDoor;
import dev.treaty.registry.doors.PrometheusDoor;

class DoorsExample {
    void open(Treaty treaty) {
        // @start region="open"
        var server = new HttpServer(HttpServerOptions.STANDARD.at("127.0.0.1", 8500), Time.system(), Chance.system());
        server.door("/v1/", new ConsulDoor(treaty.registry(), Time.system()));
        server.door("/prometheus/", new PrometheusDoor(treaty.registry()));
        // @end
    }
}
