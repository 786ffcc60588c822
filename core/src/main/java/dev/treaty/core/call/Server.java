package dev.treaty.core.call;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.text.AddressRange;
import java.time.Duration;
import java.util.List;
import java.util.Set;
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

    /**
     * Changes what applies to requests that arrive from now on; a server that has none of this ignores it.
     *
     * @param bodyBytesMax the largest request accepted
     * @param origins the origins of pages in browsers that may call services
     * @param trustedProxies the proxies that state the addresses of clients
     */
    default void reconfigure(int bodyBytesMax, Set<String> origins, List<AddressRange> trustedProxies) {}

    /** Rejects new calls, waits until running calls have completed or the time is over, and closes. */
    void drain(Duration waitMax);

    /** Closes immediately. */
    @Override
    void close();
}
