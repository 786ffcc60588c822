package dev.treaty.core.call;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;

/** The client side of the network: opens connections to endpoints, over HTTP or, in tests, in memory. */
public interface Transport extends AutoCloseable {
    /**
     * Returns a connection to an endpoint. It is opened by the first call, so that this never fails; calls return
     * {@link Code#UNAVAILABLE} if the endpoint cannot be reached.
     */
    Connection connect(ServiceEndpoint endpoint);

    /**
     * Returns a connection to an instance of a service. If connections are encrypted, the server has to prove that it
     * is one of that service; otherwise calls return {@link Code#UNAVAILABLE}.
     */
    default Connection connect(ServiceEndpoint endpoint, ServiceName service) {
        return connect(endpoint);
    }

    /** Closes all open connections. */
    @Override
    void close();

    /**
     * A connection to one endpoint, for any number of concurrent calls. A call ends at its deadline, or when its thread
     * is interrupted. Faults state whether the request may have {@linkplain Fault#reached() run}.
     */
    interface Connection extends Handler, AutoCloseable {
        /** Lets running calls complete and releases the resources. */
        @Override
        void close();
    }
}
