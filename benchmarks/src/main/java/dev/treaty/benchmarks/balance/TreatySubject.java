package dev.treaty.benchmarks.balance;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Instant;
import java.util.List;

/** Treaty with nothing set. */
final class TreatySubject implements Subject {
    private final Treaty treaty = Treaty.open(Settings.DEFAULTS);
    private final Tail client;

    /** What the instances answer to. */
    @Contract(name = "bench.Tail", version = "1.0.0")
    interface Tail {
        @Idempotent
        String ask(String question);
    }

    TreatySubject(List<Integer> ports) {
        for (int port : ports) {
            treaty.registry()
                    .register(ServiceInstance.of(
                            "tail-" + port,
                            new ServiceName("bench.Tail"),
                            new Version(1, 0, 0),
                            new ServiceEndpoint("http", "127.0.0.1", port),
                            Instant.now()));
        }
        client = treaty.client(Tail.class);
    }

    @Override
    public boolean call() {
        try {
            return client.ask("how").equals("ok");
        } catch (RuntimeException e) {
            return false;
        }
    }

    @Override
    public void close() {
        treaty.close();
    }
}
