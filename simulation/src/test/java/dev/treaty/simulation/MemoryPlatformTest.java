package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.time.Time;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The example of docs/testing.md, and what it promises. */
class MemoryPlatformTest {
    private final MemoryPlatform memory = new MemoryPlatform(Time.system());

    /** A contract of the test. */
    @Contract(name = "test.Greetings", version = "1.0.0")
    public interface Greetings {
        /** Returns a greeting. */
        @Idempotent
        String greet(String name);
    }

    private Treaty open(String yaml) {
        return Treaty.open(Settings.parse("test", yaml, Map.of()), memory.platform(1));
    }

    @Test
    void a_service_is_called_without_sockets() {
        try (Treaty treaty = open("")) {
            treaty.serve(Greetings.class, name -> "Hello, " + name + "!");

            assertThat(treaty.client(Greetings.class).greet("Ada")).isEqualTo("Hello, Ada!");
        }
    }

    @Test
    void a_crashed_instance_is_unavailable() {
        try (Treaty treaty = open("defaults: {level: none}\n")) {
            var service = treaty.serve(Greetings.class, name -> "Hello, " + name + "!");
            memory.network().crash(service.instance().endpoint());

            assertThatThrownBy(() -> treaty.client(Greetings.class).greet("Ada"))
                    .isInstanceOfSatisfying(
                            ServiceException.class,
                            e -> assertThat(e.fault().code()).isEqualTo(Code.UNAVAILABLE));
        }
    }
}
