package dev.treaty.core.call;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.time.Duration;
import java.util.function.Supplier;

/** The server side of the network: receives calls and passes them to the services that it hosts. */
public interface Server extends AutoCloseable {
    /** The address at which clients can connect. */
    ServiceEndpoint endpoint();

    /**
     * Starts to offer a service; it replaces one with the same name.
     *
     * @throws IllegalStateException if the server is closed
     */
    void host(HostedService service);

    /** Stops offering a service. Running calls complete; new ones fail as unreached. */
    void withdraw(ServiceName service);

    /**
     * Adds a page for people and tools, such as {@code /-/metrics}.
     *
     * @param path begins with {@code /-/}
     * @param body returns the content for each request
     */
    void page(String path, String contentType, Supplier<byte[]> body);

    /** Rejects new calls, waits until running calls have completed or the time is over, and closes. */
    void drain(Duration waitMax);

    /** Closes immediately. */
    @Override
    void close();
}
