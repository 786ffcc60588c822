package dev.treaty.http.client;

import dev.treaty.core.call.Deadline;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.IOException;

/** A connection as a stream of bytes: a socket, or an in-memory one in a test. One thread uses it at a time. */
public interface ByteChannel extends AutoCloseable {
    /**
     * Reads at least one byte, waiting until the deadline.
     *
     * @return the number of bytes, or -1 if the peer has closed the connection
     * @throws java.net.SocketTimeoutException if the deadline passed
     */
    int read(byte[] into, int offset, int length, Deadline deadline) throws IOException;

    /**
     * Writes all bytes, waiting until the deadline.
     *
     * @throws java.net.SocketTimeoutException if the deadline passed
     */
    void write(byte[] bytes, int offset, int length, Deadline deadline) throws IOException;

    /** Returns true if the latest {@link #write} has sent any bytes, even if it failed. */
    boolean wrote();

    /** Returns true if the peer has neither closed the connection nor sent anything: it can be used again. */
    boolean quiet();

    @Override
    void close();

    /** Opens connections. */
    interface Source {
        /**
         * Connects to an endpoint.
         *
         * @throws java.net.SocketTimeoutException if the deadline passed
         */
        ByteChannel open(ServiceEndpoint endpoint, Deadline deadline) throws IOException;
    }
}
