package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Closing while the registry is unreachable. */
class ClosingTest {
    @Contract(name = "test.Held", version = "1.0.0")
    public interface Held {
        /** Returns when the test releases it. */
        String hold();
    }

    private static final int SERVICES = 12;

    private static ServiceContract named(String name) {
        var contract = ServiceContract.of(Held.class);
        return new ServiceContract(
                new ServiceName(name),
                contract.version(),
                contract.description(),
                contract.capabilities(),
                contract.operations());
    }

    /** Returns true if a server drains or is closed. */
    private static boolean isDraining(ServiceEndpoint endpoint) {
        try {
            var page = (HttpURLConnection)
                    URI.create(endpoint + "/-/health").toURL().openConnection();
            return page.getResponseCode() != 200;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void calls_in_flight_end_while_many_services_leave_an_unreachable_registry() throws Exception {
        var begun = new CountDownLatch(1);
        var end = new CountDownLatch(1);
        Treaty registry = Treaty.open(Patient.settings(""));
        registry.serveRegistry();
        String address =
                "registry: treaty://" + registry.endpoint().orElseThrow().authority() + "\n";
        try (Treaty caller = Treaty.open(Patient.settings(""))) {
            Treaty member = Treaty.open(Patient.settings(address));
            member.serve(Held.class, () -> {
                begun.countDown();
                try {
                    end.await();
                } catch (InterruptedException e) {
                    return "interrupted";
                }
                return "held";
            });
            for (int i = 1; i < SERVICES; i++) {
                member.serve(Held.class, named("test.Idle" + i), () -> "idle");
            }
            ServiceEndpoint endpoint = member.endpoint().orElseThrow();
            try (var direct = caller.direct(Held.class, endpoint)) {
                var call = new FutureTask<>(() -> direct.client().hold());
                Thread.startVirtualThread(call);
                begun.await();
                registry.close();

                Thread closing = Thread.startVirtualThread(member::close);
                Patient.until(() -> isDraining(endpoint));
                end.countDown();
                assertThat(call.get(60, TimeUnit.SECONDS)).isEqualTo("held");
                closing.join();
            }
        }
    }
}
