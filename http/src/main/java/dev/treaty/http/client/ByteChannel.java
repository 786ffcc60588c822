package dev.treaty.http.client;

import dev.treaty.core.call.Deadline;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.IOException;

/** A connection as a stream of bytes: a socket, or a simulated one. One thread uses it at a time. */
public interface ByteChannel extends AutoCloseable {
    /**
     * Reads at least one byte, waiting until the deadline.
     *
     * @return how many, or -1 where the peer has closed
     * @throws java.net.SocketTimeoutException where the deadline passed
     */
    int read(byte[] into, int offset, int length, Deadline deadline) throws IOException;

    /**
     * Writes all bytes, waiting until the deadline.
     *
     * @throws java.net.SocketTimeoutException where the deadline passed
     */
    void write(byte[] bytes, int offset, int length, Deadline deadline) throws IOException;

    /** True once the current {@link #write} has handed anything over, also where it failed then. */
    boolean wrote();

    /** True where the peer has neither closed nor sent anything: an idle connection may be used again. */
    boolean quiet();

    @Override
    void close();

    /** Where wires come from. */
    interface Source {
        /**
         * Connects.
         *
         * @throws java.net.SocketTimeoutException where the deadline passed
         */
        ByteChannel open(ServiceEndpoint endpoint, Deadline deadline) throws IOException;
    }
}
