package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.Settings;
import dev.treaty.core.contract.ServiceName;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** For tests that are not about time: nothing is given up because a busy machine takes long over it. */
final class Unhurried {
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "TREATY_CLIENT_CONNECT_TIMEOUT", "1m",
            "TREATY_DEFAULTS_DEADLINE", "1m",
            "TREATY_DEFAULTS_ATTEMPT_TIMEOUT", "1m",
            "TREATY_BALANCE_SLOW_START_WINDOW", "0s");

    private Unhurried() {}

    /** These settings, with time for everything. */
    static Settings settings(String yaml) {
        return Settings.parse("test", yaml, ENVIRONMENT);
    }

    /**
     * Waits until calls of that client are spread over so many instances of a service: serving waits a second for the
     * registry, and goes on without it.
     */
    static void knows(Treaty client, ServiceName service, int instances) {
        var fleet = client.caller(service).nodes().fleet();
        until(() -> fleet.all(client.time().nanoTime()).size() >= instances);
    }

    static void until(BooleanSupplier reached) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end)
                    .as("nanoseconds over the time to wait")
                    .isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }
}
