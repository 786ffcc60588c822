package dev.treaty.observe;

import java.time.Instant;
import java.util.List;

/**
 * The metrics of a process at one moment.
 *
 * @param application its name
 * @param startedAt when it started
 * @param timestamp when this report was made
 * @param server the services that it serves, by name
 * @param client the services that it calls, by name
 */
public record StatusReport(
        String application,
        Instant startedAt,
        Instant timestamp,
        List<ServiceMetrics> server,
        List<ServiceMetrics> client) {
    /** Copies the lists. */
    public StatusReport {
        server = List.copyOf(server);
        client = List.copyOf(client);
    }
}
