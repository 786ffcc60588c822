package dev.treaty.http;

import static dev.treaty.http.RawHttp2Connection.DATA;
import static dev.treaty.http.RawHttp2Connection.EMPTY_OBJECT;
import static dev.treaty.http.RawHttp2Connection.END_HEADERS;
import static dev.treaty.http.RawHttp2Connection.END_STREAM;
import static dev.treaty.http.RawHttp2Connection.HEADERS;
import static dev.treaty.http.RawHttp2Connection.LAST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What connections take of a server that its clients keep and do not use. */
@Tag("long")
@Timeout(300)
class IdleConnectionsTest {
    private static final String CALL = RawConnection.post("/shop.Orders/last", "{}");

    private static final int CONNECTIONS = 10_000;
    private static final int CONNECTION_BYTES_MAX = 8 << 10;

    /** How a client calls. */
    enum Protocol {
        HTTP_1_1 {
            @Override
            AutoCloseable call(int port) throws IOException {
                var connection = new RawConnection(port);
                assertThat(connection.exchange(CALL).status()).isEqualTo(200);
                return connection;
            }
        },
        HTTP_2 {
            @Override
            AutoCloseable call(int port) throws IOException {
                var connection = new RawHttp2Connection(port);
                connection.send(HEADERS, END_HEADERS, 1, LAST);
                connection.send(DATA, END_STREAM, 1, EMPTY_OBJECT);
                assertThat(connection.status(connection.await(HEADERS))).isEqualTo("200");
                return connection;
            }
        };

        /** Calls once, and leaves the connection open. */
        abstract AutoCloseable call(int port) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void an_idle_connection_takes_at_most_eight_kibibytes_of_heap(Protocol protocol) throws Exception {
        var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        assumeTrue(
                system.getMaxFileDescriptorCount() > CONNECTIONS + 1_000,
                "a process may have too few descriptors: raise ulimit -n to " + 2 * CONNECTIONS);
        try (var server = new ServerProcess()) {
            for (int i = 0; i < 1_000; i++) { // which loads and compiles what a call needs
                protocol.call(server.port).close();
            }
            long before = server.heap();

            var idle = new ArrayList<AutoCloseable>();
            for (int i = 0; i < CONNECTIONS; i++) {
                idle.add(protocol.call(server.port));
            }

            long each = (server.heap() - before) / CONNECTIONS;
            System.out.println("heap of a server for an idle connection with " + protocol + ": " + each + " bytes");
            assertThat(each).isLessThanOrEqualTo(CONNECTION_BYTES_MAX);
            for (AutoCloseable connection : idle) {
                connection.close();
            }
        }
    }
}
