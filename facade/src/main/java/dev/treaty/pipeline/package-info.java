/**
 * The fixed order of the steps of a call, one method for each side.
 *
 * <p>{@link dev.treaty.pipeline.Pipelines} lists the filters of the client and of the server, outermost first, each
 * with the reason for its place. A pipeline describes itself, so what {@code treaty guards} prints is what runs. The
 * outermost step on both sides measures a call and emits one event when the call ends.
 */
package dev.treaty.pipeline;
