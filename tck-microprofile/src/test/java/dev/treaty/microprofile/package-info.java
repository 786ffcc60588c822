/**
 * Runs the TCK of MicroProfile Fault Tolerance against Treaty: independent tests of retries, circuit breakers,
 * timeouts, bulkheads and fallbacks.
 *
 * <p>{@link dev.treaty.microprofile.TestKitTest} runs its tests and compares the results with the list of expected
 * failures, each with its reason. The other classes are the implementation that the kit requires: an extension of the
 * CDI container that reads the annotations and builds guards for them. It is not a product, and implements only the
 * parts of the specification that the kit tests.
 */
@NullMarked
package dev.treaty.microprofile;

import org.jspecify.annotations.NullMarked;
