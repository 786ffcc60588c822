package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.registry.NetworkRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryPolicy;
import dev.treaty.registry.SelfPreservationPolicy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Contracts that are published during an outage of the registry. */
class ContractOutageTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");
    private static final ServiceContract OLD = ServiceContract.parse("contract shop.Orders 1.4.0\nget() -> string");
    private static final ServiceContract BREAKING =
            ServiceContract.parse("contract shop.Orders 1.5.0\nfind() -> string");

    private static final RegistryPolicy QUICK = new RegistryPolicy(
            Duration.ofSeconds(1),
            Duration.ofMillis(100),
            Duration.ofMillis(10),
            Duration.ofMillis(50),
            Duration.ofSeconds(2),
            SelfPreservationPolicy.STANDARD);

    /** The same for clients whose registry is up but may be slow. */
    private static final RegistryPolicy PATIENT = new RegistryPolicy(
            QUICK.lease(),
            Duration.ofSeconds(20),
            QUICK.pauseMin(),
            QUICK.pauseMax(),
            QUICK.grace(),
            SelfPreservationPolicy.STANDARD);

    @Test
    void a_late_rejection_is_an_event_and_a_problem() throws InterruptedException {
        BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        var open = new AtomicBoolean();
        try (var host = new RegistryHost(Time.system(), RegistryLimits.STANDARD).start();
                NetworkRegistry other = host.client(PATIENT, Events.NONE)) {
            other.publish(OLD);
            Handler connection = host.network.connect(RegistryHost.ENDPOINT);
            Handler gated = call -> open.get()
                    ? connection.handle(call)
                    : ServiceResponse.failed(Fault.unreached(Code.UNAVAILABLE, "the gate is closed"));
            Events events = event -> {
                if (event instanceof Event.RegistryChanged changed) {
                    messages.add(changed.message());
                }
            };
            try (NetworkRegistry late = host.client(gated, QUICK, events)) {
                late.publish(BREAKING);
                Polling.until(() -> late.problem().isPresent());
                assertThat(late.problem().orElseThrow()).contains("the gate is closed");

                open.set(true);

                String message = "";
                while (!message.contains("shop.Orders 1.5.0 breaks clients of 1.4.0")) {
                    message = messages.poll(60, TimeUnit.SECONDS);
                    assertThat(message).as("a message").isNotNull();
                }
                Polling.until(() -> late.problem()
                        .filter(problem -> problem.contains("1.5.0 breaks clients of 1.4.0"))
                        .isPresent());
                assertThat(other.contracts(ORDERS)).containsExactly(OLD);
            }
        }
    }

    @Test
    void accepted_contracts_are_published_again_to_an_empty_registry() {
        try (var host = new RegistryHost(Time.system(), RegistryLimits.STANDARD).start();
                NetworkRegistry one = host.client(PATIENT, Events.NONE);
                NetworkRegistry other = host.client(PATIENT, Events.NONE)) {
            one.publish(OLD);
            other.publish(BREAKING, true);

            host.crash();
            host.start();

            Polling.until(() -> one.contracts(ORDERS).equals(List.of(BREAKING, OLD)));
            Polling.until(() -> other.problem().isEmpty());
        }
    }
}
