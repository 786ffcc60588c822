package dev.treaty.observe;

import dev.treaty.core.contract.Operation;

/**
 * How the calls of one operation went.
 *
 * @param operation the name of the {@link Operation}; {@value MetricsRecorder#OTHER} where there were too many
 * @param minute over the last minute
 * @param total since the process began
 */
public record OperationMetrics(String operation, CallStatistics minute, CallStatistics total) {}
