/**
 * Measurements of Treaty, each in the smallest setting that answers one question. They are JMH benchmarks and are run
 * by name, so that one change can be judged by one number:
 *
 * <pre>{@code ./treaty bench Balance}</pre>
 *
 * <p>The module is not published, and no other module depends on it.
 */
@NullMarked
package dev.treaty.benchmarks;

import org.jspecify.annotations.NullMarked;
