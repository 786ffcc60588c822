package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.health.HealthSource;
import java.io.IOException;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Closing, and what implementations and clients do around it. */
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

    @Test
    void closing_is_complete_although_the_thread_is_interrupted() {
        Treaty treaty = Treaty.open(Patient.settings("server: {drain: 100ms}\n"));
        treaty.serve(Held.class, () -> "held");
        ServiceEndpoint endpoint = treaty.endpoint().orElseThrow();

        Thread.currentThread().interrupt();
        treaty.close();

        assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
        assertThatThrownBy(() -> new Socket(endpoint.host(), endpoint.port()).close())
                .isInstanceOf(ConnectException.class);
        assertThat(treaty.registry().instances(new ServiceName("test.Held"))).isEmpty();
        assertThatThrownBy(() -> treaty.registry()
                        .register(ServiceInstance.of(
                                "late", new ServiceName("test.Late"), new Version(1, 0, 0), endpoint, Instant.now())))
                .as("the last part is closed as well")
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void calls_of_a_closed_client_end_at_once_and_say_so() throws Exception {
        Treaty treaty = Treaty.open(Patient.settings(""));
        Held held = treaty.client(Held.class);
        var waiting = new FutureTask<>(() -> treaty.client().call("test.Held", "hold", Map.of()));
        Thread.startVirtualThread(waiting);
        Patient.until(() -> treaty.callers().all().containsKey(new ServiceName("test.Held")));
        treaty.close();

        assertThat(waiting.get(60, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        ServiceResponse.Failed.class,
                        failed -> assertThat(failed.fault().code()).isEqualTo(Code.CANCELED));
        assertThatThrownBy(held::hold).hasMessage("canceled: this Treaty is closed");
        assertThatThrownBy(() -> treaty.client(Held.class).hold()).hasMessageContaining("this Treaty is closed");
    }

    @Test
    void an_interrupt_flag_that_an_implementation_leaves_does_not_lose_the_response() {
        try (Treaty treaty = Treaty.open(Patient.settings("server: {drain: 0s}\n"))) {
            treaty.serve(Held.class, () -> {
                Thread.currentThread().interrupt();
                return "held";
            });
            assertThat(treaty.client(Held.class).hold()).isEqualTo("held");
        }
    }

    @Test
    void a_health_source_that_fails_or_returns_nothing_is_critical() {
        class Silent implements Held, HealthSource {
            @Override
            public String hold() {
                return "held";
            }

            @Override
            @SuppressWarnings("NullAway") // as code without annotations may do
            public ServiceHealth health() {
                return null;
            }
        }
        try (Treaty treaty = Treaty.open(Patient.settings("server: {drain: 0s}\n"))) {
            ServedService service = treaty.serve(Held.class, new Silent());
            Patient.until(() -> service.health().status() == Status.CRITICAL);
            assertThat(service.health().message()).isEqualTo("the health check failed: it returned null");
        }
    }
}
