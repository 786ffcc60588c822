package dev.treaty.core.call;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.time.Duration;
import java.util.function.Supplier;

/** The service's side of the network: takes calls and hands them to the services it hosts. */
public interface Server extends AutoCloseable {
    /** Where it can be reached. */
    ServiceEndpoint endpoint();

    /**
     * Offers a service from now on; one of the same name is replaced.
     *
     * @throws IllegalStateException where the server is closed
     */
    void host(HostedService service);

    /** Offers a service no longer. Calls under way end; new ones are told that they reached nobody. */
    void withdraw(ServiceName service);

    /**
     * Offers a page for people and tools beside the services, such as {@code /-/metrics}.
     *
     * @param path begins with {@code /-/}
     * @param body made anew for each request
     */
    void page(String path, String contentType, Supplier<byte[]> body);

    /** Stops taking new calls, waits until those under way have ended, at most that long, and closes. */
    void drain(Duration patience);

    /** Closes at once. */
    @Override
    void close();
}
