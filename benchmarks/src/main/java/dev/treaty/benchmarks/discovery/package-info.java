/**
 * The size of a registry and the delay of its changes: {@code ./treaty bench discovery}.
 *
 * <p>{@link dev.treaty.benchmarks.discovery.TableMeasurement} measures Treaty's own table without a network; {@link
 * dev.treaty.benchmarks.discovery.Subject} is what another registry has to offer to be measured beside it.
 */
@NullMarked
package dev.treaty.benchmarks.discovery;

import org.jspecify.annotations.NullMarked;
