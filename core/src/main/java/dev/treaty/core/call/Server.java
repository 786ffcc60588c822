package dev.treaty.core.call;

import dev.treaty.core.discovery.ServiceEndpoint;
import java.time.Duration;

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

    /**
     * Stops taking new calls, waits until those under way have ended, at most that long, and closes.
     */
    void drain(Duration patience);

    /** Closes at once. */
    @Override
    void close();
}
