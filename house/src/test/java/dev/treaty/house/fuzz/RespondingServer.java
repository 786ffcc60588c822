package dev.treaty.house.fuzz;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceProxy;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpTransport;
import dev.treaty.registry.RegistryProtocol;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;

/** A server that responds to a call with given bytes, and Treaty's client, which makes the call. */
final class RespondingServer {
    private static final int REQUEST_BYTES_MAX = 64 << 10;

    private final ServerSocket listener;
    private final RegistryProtocol client;
    private volatile byte[] response = {};

    RespondingServer() {
        try {
            listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofPlatform().daemon().start(this::respond);
        var endpoint = new ServiceEndpoint("http", "127.0.0.1", listener.getLocalPort());
        client = ServiceProxy.of(
                RegistryProtocol.class,
                ServiceContract.of(RegistryProtocol.class),
                new HttpTransport(Time.system()).connect(endpoint),
                RespondingServer::context);
    }

    private static CallContext context() {
        return CallContext.next(Principal.claimed("tests"), Time.system(), RandomSource.system())
                .within(Deadline.after(Duration.ofMinutes(1), Time.system()));
    }

    private void respond() {
        while (true) {
            try (Socket socket = listener.accept()) {
                int read = socket.getInputStream().read(new byte[REQUEST_BYTES_MAX]);
                if (read > 0) {
                    socket.getOutputStream().write(response);
                }
            } catch (IOException e) {
                // The client has closed the connection.
            }
        }
    }

    /** Makes a call that is answered with these bytes, after which the connection ends. */
    synchronized void call(byte[] bytes) throws InterruptedException {
        response = bytes;
        client.services();
    }
}
