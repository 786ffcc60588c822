package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.Settings;
import dev.treaty.core.contract.ServiceName;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Settings and waits for tests that are not about time, so that nothing times out on a busy machine. */
final class Patient {
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "TREATY_CLIENT_CONNECT_TIMEOUT", "1m",
            "TREATY_DEFAULTS_DEADLINE", "1m",
            "TREATY_DEFAULTS_ATTEMPT_TIMEOUT", "1m",
            "TREATY_BALANCE_SLOW_START_WINDOW", "0s");

    private Patient() {}

    /** Returns these settings with long timeouts and without slow start. */
    static Settings settings(String yaml) {
        return Settings.parse("test", yaml, ENVIRONMENT);
    }

    /**
     * Waits until a client balances its calls over that number of instances: serving does not wait for the registry.
     */
    static void knows(Treaty client, ServiceName service, int instances) {
        var balanced = client.callers().caller(service).nodes().balanced();
        until(() -> balanced.all(System.nanoTime()).size() >= instances);
    }

    /** Waits for a condition. */
    static void until(BooleanSupplier reached) {
        until("time over the limit", reached);
    }

    /** Waits for a condition, which a failure names. */
    static void until(String what, BooleanSupplier reached) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as(what).isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }
}
