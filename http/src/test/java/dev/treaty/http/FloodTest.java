package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.Arguments;

/** Floods over HTTP/2, without an end: what they take of a server, and what its other clients notice of them. */
@Tag("long")
@Timeout(300)
class FloodTest {
    private static final String CALL = RawConnection.post("/shop.Orders/last", "{}");

    private static final Duration TIME = Duration.ofSeconds(3);
    private static final int CALLERS = 4;
    private static final long PAUSE_NANOS = 2_000_000;

    private static final int HEAP_GROWTH_MAX = 16 << 20;

    /** Returns the 99th percentile of the latencies of calls by clients that do nothing wrong. */
    private static Duration latency(int port) throws Exception {
        var latencies = new ConcurrentLinkedQueue<Long>();
        var failures = new ConcurrentLinkedQueue<Throwable>();
        var callers = new ArrayList<Thread>();
        long end = System.nanoTime() + TIME.toNanos();
        for (int i = 0; i < CALLERS; i++) {
            callers.add(Thread.startVirtualThread(() -> {
                try (var connection = new RawConnection(port)) {
                    while (System.nanoTime() - end < 0) {
                        long began = System.nanoTime();
                        assertThat(connection.exchange(CALL).status()).isEqualTo(200);
                        latencies.add(System.nanoTime() - began);
                        LockSupport.parkNanos(PAUSE_NANOS);
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            }));
        }
        for (Thread caller : callers) {
            caller.join();
        }
        assertThat(failures).isEmpty();
        List<Long> sorted = latencies.stream().sorted().toList();
        return Duration.ofNanos(sorted.get(sorted.size() * 99 / 100));
    }

    /** The figures are of interest beside those of a process that takes as much processor time as the flood. */
    @Test
    void floods_fail_no_call_of_others_and_leave_nothing_in_the_heap() throws Exception {
        List<String> names = Http2ServerTest.floods()
                .map(each -> ((Arguments.ArgumentSet) each).getName())
                .toList();
        try (var server = new ServerProcess()) {
            for (int i = 0; i < names.size(); i++) { // which loads and compiles what floods need
                FloodingClient.flood(server.port, i, Duration.ofSeconds(1)).end();
            }
            latency(server.port);
            for (int i = 0; i < names.size(); i++) {
                long before = server.heap();
                Duration processorTime = server.processorTime();
                FloodingClient client = FloodingClient.flood(server.port, i, TIME);
                Duration flooded = latency(server.port);
                FloodingClient.Result flood = client.end();
                processorTime = server.processorTime().minus(processorTime);
                long growth = server.heap() - before;
                FloodingClient burning = FloodingClient.burn(flood.share(), TIME);
                Duration burned = latency(server.port);
                burning.end();

                System.out.printf(
                        "%s: %d connections closed, p99 %d µs, beside its processor time alone %d µs;"
                                + " of a processor, the client took %.2f and the server %.2f; heap %+d bytes%n",
                        names.get(i),
                        flood.connections(),
                        flooded.toNanos() / 1_000,
                        burned.toNanos() / 1_000,
                        flood.share(),
                        (double) processorTime.toNanos() / TIME.toNanos(),
                        growth);
                assertThat(growth).isLessThan(HEAP_GROWTH_MAX);
            }
        }
    }
}
