/**
 * The test kit of MicroProfile Fault Tolerance, run against Treaty: an outside referee for retries, circuit breakers,
 * timeouts, bulkheads and fallbacks.
 *
 * <p>{@link dev.treaty.microprofile.TestKitTest} runs its tests and compares the outcome with the list of those that
 * are expected to fail, each with its reason. Everything else here is what the kit needs to find an implementation: an
 * extension of the CDI container that reads the annotations and lets Treaty's runtimes do what they ask for. It is no
 * product, and knows of the standard only what its tests ask about.
 */
@NullMarked
package dev.treaty.microprofile;

import org.jspecify.annotations.NullMarked;
