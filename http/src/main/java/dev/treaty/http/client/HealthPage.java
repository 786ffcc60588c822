package dev.treaty.http.client;

import dev.treaty.core.call.Deadline;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.time.Time;
import dev.treaty.core.timeout.Watchdog;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/**
 * The health page of a service that uses TLS, as it was read.
 *
 * @param status the HTTP status
 * @param body the body
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record HealthPage(int status, byte[] body) {
    /**
     * Reads the page from a server that has to prove that it is one of the service.
     *
     * @param bytesMax the maximum size of the body
     * @throws InterruptedException if the thread is interrupted
     */
    public static HealthPage read(
            ServiceName service, ServiceEndpoint endpoint, TransportSecurity tls, Duration timeout, int bytesMax)
            throws IOException, InterruptedException {
        Time time = Time.system();
        Deadline deadline = Deadline.after(timeout, time);
        byte[] request = ("GET /-/health/" + service + " HTTP/1.1\r\nHost: " + endpoint.authority()
                        + "\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        try (ByteChannel channel =
                Channels.to(service, tls, time, Watchdog.of(time)).open(endpoint, deadline)) {
            channel.write(request, 0, request.length, deadline);
            var response = new ResponseReader(bytesMax);
            response.read(channel, deadline);
            int start = response.bodyStart();
            return new HealthPage(
                    response.status(), Arrays.copyOfRange(response.body(), start, start + response.bodyLength()));
        } catch (ClosedByInterruptException e) {
            throw new InterruptedException();
        }
    }
}
