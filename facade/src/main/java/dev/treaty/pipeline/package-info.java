/**
 * The fixed order of the steps of a call, one method for each side.
 *
 * <p>{@link dev.treaty.pipeline.Pipelines#client} and {@link dev.treaty.pipeline.Pipelines#server} list the filters
 * outermost first, each with the reason for its place. A pipeline describes itself, so what {@code treaty guards}
 * prints is what runs. {@link dev.treaty.pipeline.ObservationFilter} is the outermost step on both sides: it measures
 * a call and emits one event when the call ends.
 */
package dev.treaty.pipeline;
