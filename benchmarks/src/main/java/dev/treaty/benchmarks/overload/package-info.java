/**
 * What becomes of a service that gets ten times the calls that it can serve.
 *
 * <p>{@link dev.treaty.benchmarks.overload.OverloadBenchmark} starts a process with the service, {@code WorkServer},
 * and one with a client, {@code LoadDriver}, and sends them commands. {@code Limits} has the limits that are compared.
 */
@NullMarked
package dev.treaty.benchmarks.overload;

import org.jspecify.annotations.NullMarked;
