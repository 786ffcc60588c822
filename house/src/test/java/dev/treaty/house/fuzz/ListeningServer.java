package dev.treaty.house.fuzz;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.registry.RegistryProtocol;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;

/** Treaty's server, which reads given bytes from a client that is a trusted proxy. */
final class ListeningServer {
    private static final int WAIT_MILLIS = 9_000;
    private static final byte[] HTTP1 = "HTTP/1.1 ".getBytes(US_ASCII);

    /** Where the type of a frame of HTTP/2 is; the first frame of a server has the settings. */
    private static final int TYPE_AT = 3;

    private static final int SETTINGS = 4;

    private final HttpServer server = new HttpServer(
            HttpServerOptions.STANDARD.trustedProxies(List.of(AddressRange.of("127.0.0.1"))),
            Time.system(),
            RandomSource.system());

    ListeningServer() {
        server.host(new HostedService(
                ServiceContract.of(RegistryProtocol.class),
                _ -> ServiceResponse.failed(Fault.of(Code.UNAVAILABLE, "nothing is served")),
                () -> ServiceHealth.of(
                        ServiceHealth.Status.PASSING, Time.system().instant())));
    }

    /** Sends bytes and reads the answer until the server closes the connection; returns whether it is one of HTTP. */
    boolean answers(byte[] bytes) {
        try (var socket =
                new Socket(InetAddress.getLoopbackAddress(), server.endpoint().port())) {
            socket.setSoTimeout(WAIT_MILLIS);
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            byte[] answer = socket.getInputStream().readAllBytes();
            return answer.length == 0
                    || (answer.length > TYPE_AT && answer[TYPE_AT] == SETTINGS)
                    || Arrays.equals(HTTP1, Arrays.copyOf(answer, HTTP1.length));
        } catch (InterruptedIOException e) {
            return false; // the server keeps a connection whose client has left
        } catch (IOException e) {
            return true; // the server has closed it before it has read all
        }
    }
}
