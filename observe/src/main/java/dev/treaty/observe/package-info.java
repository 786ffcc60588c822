/**
 * Observation: subscribers of the event stream that make metrics and logs. Pipelines only emit events.
 *
 * <p>{@link dev.treaty.observe.MetricsRecorder} records the metrics of services, operations and instances, for the last
 * minute and in total. {@link dev.treaty.observe.PrometheusExporter} publishes them. {@link
 * dev.treaty.observe.EventLog} logs what matters to operators. Each works alone.
 *
 * {@snippet class="MetricsExample" region="metrics"}
 */
package dev.treaty.observe;
