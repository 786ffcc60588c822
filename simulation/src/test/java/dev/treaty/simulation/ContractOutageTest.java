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
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** What becomes of contracts whose registry was away. */
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

    /** The same for those whose registry is up: it may be slow. */
    private static final RegistryPolicy PATIENT = new RegistryPolicy(
            QUICK.lease(),
            Duration.ofSeconds(20),
            QUICK.pauseMin(),
            QUICK.pauseMax(),
            QUICK.grace(),
            SelfPreservationPolicy.STANDARD);

    private static void eventually(BooleanSupplier reached) {
        long end = System.nanoTime() + WatchRecorder.PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end).isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void aRefusalThatComesLateIsToldAsAnEventAndAsTrouble() throws InterruptedException {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        var open = new AtomicBoolean();
        try (var host = new RegistryHost(Time.system(), RegistryLimits.STANDARD).start();
                NetworkRegistry other = host.client(PATIENT, Events.NONE)) {
            other.publish(OLD);
            Handler connection = host.network.connect(RegistryHost.ENDPOINT);
            Handler gated = call -> open.get()
                    ? connection.handle(call)
                    : ServiceResponse.failed(Fault.unreached(Code.UNAVAILABLE, "the gate is shut"));
            Events events = event -> {
                if (event instanceof Event.RegistryChanged changed) {
                    told.add(changed.message());
                }
            };
            try (NetworkRegistry late = host.client(gated, QUICK, events)) {
                late.publish(BREAKING);
                eventually(() -> late.problem().isPresent());
                assertThat(late.problem().orElseThrow()).contains("the gate is shut");

                open.set(true);

                String message = "";
                while (!message.contains("shop.Orders 1.5.0 breaks clients of 1.4.0")) {
                    message = told.poll(20, TimeUnit.SECONDS);
                    assertThat(message).as("what is told").isNotNull();
                }
                eventually(() -> late.problem()
                        .filter(trouble -> trouble.contains("1.5.0 breaks clients of 1.4.0"))
                        .isPresent());
                assertThat(other.contracts(ORDERS)).containsExactly(OLD);
            }
        }
    }

    @Test
    void whatARegistryHasTakenItTakesAgainAfterItLostItsMemory() {
        try (var host = new RegistryHost(Time.system(), RegistryLimits.STANDARD).start();
                NetworkRegistry one = host.client(PATIENT, Events.NONE);
                NetworkRegistry other = host.client(PATIENT, Events.NONE)) {
            one.publish(OLD);
            other.publish(BREAKING, true);

            host.crash();
            host.start();

            eventually(() -> one.contracts(ORDERS).equals(List.of(BREAKING, OLD)));
            eventually(() -> other.problem().isEmpty());
        }
    }
}
