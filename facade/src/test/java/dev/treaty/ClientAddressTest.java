package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.contract.Contract;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The address of the client in handlers of a configured process. */
@Timeout(60)
class ClientAddressTest {
    @Contract(name = "test.Front", version = "1.0.0")
    public interface Front {
        String addresses();
    }

    @Contract(name = "test.Back", version = "1.0.0")
    public interface Back {
        String address();
    }

    private static final String REQUEST = """
        POST /test.Front/addresses HTTP/1.1
        Host: localhost
        Connection: close
        Content-Type: application/json
        Content-Length: 2
        X-Forwarded-For: 192.0.2.1

        {}\
        """;

    private static String address() {
        return CallContext.current()
                .orElseThrow()
                .clientAddress()
                .map(InetAddress::getHostAddress)
                .orElse("none");
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.0/8, 192.0.2.1", "10.0.0.0/8, 127.0.0.1"})
    void a_handler_knows_the_client_of_its_own_call_behind_configured_proxies(String trusted, String expected)
            throws Exception {
        try (Treaty treaty = Treaty.open(Patient.settings("server: {trusted-proxies: [" + trusted + "]}\n"))) {
            Back back = treaty.client(Back.class);
            treaty.serve(Back.class, ClientAddressTest::address);
            treaty.serve(Front.class, () -> address() + ", " + back.address());
            int port = treaty.endpoint().orElseThrow().port();
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.getOutputStream().write(REQUEST.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .endsWith("{\"result\":\"" + expected + ", 127.0.0.1\"}");
            }
        }
    }
}
