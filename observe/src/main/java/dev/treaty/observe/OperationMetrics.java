package dev.treaty.observe;

/**
 * The metrics of the calls of one operation.
 *
 * @param operation its name; {@value MetricsRecorder#OTHER} for all operations beyond the limit
 * @param minute the last minute
 * @param total the time since the process started
 */
public record OperationMetrics(String operation, CallStatistics minute, CallStatistics total) {}
