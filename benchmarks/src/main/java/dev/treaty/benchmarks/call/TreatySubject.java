package dev.treaty.benchmarks.call;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.registry.RegistryAddress;
import java.util.Map;

/** Treaty as its users have it: nothing set but where the registry is, nothing switched off. */
final class TreatySubject implements Subject {
    @Override
    public String name() {
        return "treaty";
    }

    @Override
    public String about() {
        return "Treaty over HTTP/1.1 with its defaults: registry in another process, deadline, retries, breakers,"
                + " balancing, health and metrics on; the order as JSON by its own codec, " + Message.JSON_BYTES
                + " bytes";
    }

    @Override
    public Server serve() {
        Treaty treaty = Treaty.open(Settings.DEFAULTS);
        treaty.serveRegistry();
        treaty.serve(Echo.class, order -> order);
        int port = treaty.endpoint().orElseThrow().port();
        return new Server() {
            @Override
            public int port() {
                return port;
            }

            @Override
            public void close() {
                treaty.close();
            }
        };
    }

    @Override
    public Client connect(int port) {
        Treaty treaty = Treaty.open(
                Settings.parse("benchmark", "registry: " + new RegistryAddress.Network("127.0.0.1", port), Map.of()));
        Echo echo = treaty.client(Echo.class);
        return new Client() {
            @Override
            public Caller caller() {
                return message -> echo.echo(message.order()).equals(message.order());
            }

            @Override
            public void close() {
                treaty.close();
            }
        };
    }
}
