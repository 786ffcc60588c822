package dev.treaty.core.call;

import dev.treaty.core.discovery.ServiceEndpoint;

/** The client's side of the network: how calls reach an endpoint. In memory for simulations, HTTP in production. */
public interface Transport extends AutoCloseable {
    /**
     * A way to that endpoint. Nothing is sent yet, so it never fails; calls through it answer
     * {@link Code#UNAVAILABLE} where nobody is there.
     */
    Connection connect(ServiceEndpoint endpoint);

    /** Closes every connection that is still open. */
    @Override
    void close();

    /**
     * A way to one endpoint, for any number of calls at a time. A call through it ends at its deadline, or when its
     * thread is interrupted. A fault says truthfully whether the request may have {@linkplain Fault#reached() run}.
     */
    interface Connection extends Handler, AutoCloseable {
        /** Lets calls under way end and frees what the connection holds. */
        @Override
        void close();
    }
}
