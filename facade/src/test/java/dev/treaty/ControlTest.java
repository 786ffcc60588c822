package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.Settings;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Server;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The control service is hosted only if other machines cannot reach it. */
class ControlTest {
    @Contract(name = "test.Idle", version = "1.0.0")
    public interface Idle {
        /** Returns a text. */
        String idle();
    }

    /** Records hosted services; its endpoint is an address of this machine. */
    private static final class RecordingServer implements Server {
        private final Set<ServiceName> hosted = new HashSet<>();

        @Override
        public ServiceEndpoint endpoint() {
            return new ServiceEndpoint("http", "127.0.1.1", 1);
        }

        @Override
        public void host(HostedService service) {
            hosted.add(service.contract().name());
        }

        @Override
        public void withdraw(ServiceName service) {}

        @Override
        public void page(String path, String contentType, Supplier<byte[]> body) {}

        @Override
        public void drain(Duration patience) {}

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, true", "localhost, true", "'::1', true", "0.0.0.0, false", "'::', false"})
    void control_is_hosted_only_on_loopback(String host, boolean offered) {
        var server = new RecordingServer();
        Platform system = Platform.system();
        var platform = new Platform(
                system.time(), system.random(), system.secrets(), system.transport(), _ -> server, system.onExit());
        try (Treaty treaty = Treaty.open(
                Settings.parse("test", "server: {host: '" + host + "', advertise: 127.0.1.1, drain: 0s}\n", Map.of()),
                platform)) {
            treaty.serve(Idle.class, () -> "idle");
            assertThat(server.hosted.contains(new ServiceName("treaty.Control")))
                    .isEqualTo(offered);
            assertThat(server.hosted).contains(new ServiceName("test.Idle"));
        }
    }
}
