package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import dev.treaty.http.client.ByteChannel;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What it costs the client to read chunks and lengths, from a channel in memory. */
class ChunkedResponseTest {
    private static final int BODY_BYTES = 4 << 20;
    private static final Duration CPU_TIME_MAX = Duration.ofSeconds(5);
    private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Contains one response, and then ends. */
    private static final class StoredChannel implements ByteChannel {
        private final byte[] response;
        private int at;

        StoredChannel(byte[] response) {
            this.response = response;
        }

        @Override
        public int read(byte[] into, int offset, int length, Deadline deadline) {
            int count = Math.min(length, response.length - at);
            System.arraycopy(response, at, into, offset, count);
            at += count;
            return count == 0 ? -1 : count;
        }

        @Override
        public void write(byte[] bytes, int offset, int length, Deadline deadline) {}

        @Override
        public boolean wrote() {
            return true;
        }

        @Override
        public boolean quiet() {
            return true;
        }

        @Override
        public void close() {}
    }

    private static byte[] chunked(int chunkBytes) {
        byte[] json = new byte[BODY_BYTES];
        Arrays.fill(json, (byte) ' ');
        json[0] = '{';
        json[BODY_BYTES - 1] = '}';
        String body = new String(json, StandardCharsets.US_ASCII);
        var response = new StringBuilder(HEAD + "Transfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < BODY_BYTES; i += chunkBytes) {
            String chunk = body.substring(i, Math.min(BODY_BYTES, i + chunkBytes));
            response.append(Integer.toHexString(chunk.length()))
                    .append("\r\n")
                    .append(chunk)
                    .append("\r\n");
        }
        return response.append("0\r\n\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static Call call() {
        return new Call(
                Running.CONTRACT.name(),
                Running.CONTRACT.operation("last").orElseThrow(),
                List.of(),
                Running.context(Duration.ofMinutes(5)));
    }

    private static Transport.Connection connection(HttpTransport transport, byte[] response) {
        return transport.connection(
                new ServiceEndpoint("http", "127.0.0.1", 80), (_, _) -> new StoredChannel(response));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 100, 5_000, 100_000})
    void a_response_in_small_chunks_costs_linear_memory_and_time_W5(int chunkBytes) throws Exception {
        try (var transport = new HttpTransport(Time.system())) {
            Transport.Connection connection = connection(transport, chunked(chunkBytes));
            Call call = call();
            long allocated = threads.getCurrentThreadAllocatedBytes();
            long cpuNanos = threads.getCurrentThreadCpuTime();
            assertThat(connection.handle(call).orThrow()).isEqualTo(Optional.empty());
            assertThat(threads.getCurrentThreadCpuTime() - cpuNanos).isLessThan(CPU_TIME_MAX.toNanos());
            assertThat(threads.getCurrentThreadAllocatedBytes() - allocated).isLessThan(5L * BODY_BYTES);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 4194304\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n3fffff\r\n{}"})
    void an_announced_size_allocates_only_a_multiple_of_what_arrives_W5(String announced) throws Exception {
        try (var transport = new HttpTransport(Time.system())) {
            Transport.Connection connection =
                    connection(transport, (HEAD + announced).getBytes(StandardCharsets.US_ASCII));
            long allocated = 0;
            for (int i = 0; i < 2; i++) { // the first call also loads classes
                allocated = threads.getCurrentThreadAllocatedBytes();
                assertThat(connection.handle(call()).succeeded()).isFalse();
            }
            assertThat(threads.getCurrentThreadAllocatedBytes() - allocated).isLessThan(1 << 20);
        }
    }
}
