/**
 * Observation: subscribers of the one stream of events. Nothing in a pipeline measures, logs or traces; it emits, and
 * what becomes of that is decided here.
 *
 * <p>{@link dev.treaty.observe.MetricsRecorder} counts calls and attempts and answers how each service does, over the
 * last minute and in total. {@link dev.treaty.observe.PrometheusExporter} publishes what it has counted. {@link
 * dev.treaty.observe.EventLog} writes to the log what a person should know. Each stands alone: subscribe what is
 * wanted.
 *
 * {@snippet class="MetricsExample" region="metrics"}
 */
package dev.treaty.observe;
