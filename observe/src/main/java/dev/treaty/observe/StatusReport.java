package dev.treaty.observe;

import java.time.Instant;
import java.util.List;

/**
 * What a process tells about itself.
 *
 * @param application its name
 * @param startedAt when it began
 * @param timestamp when this was true
 * @param server the services that it answers for, by name
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
