/**
 * The whole round trip of a call, against others.
 *
 * <p>A {@link Subject} is one way to ask a server for an answer, both sides of it. Each side runs in a process of its
 * own ({@link Worker}), which {@link CallBenchmark} starts and tells what to do over standard input; so the processor
 * time and the memory of either side are what the JVM says of the process, and no subject's classes get compiled for
 * the habits of another. What travels is the same for all: an {@link Order} there and back, 145 bytes as JSON.
 */
@NullMarked
package dev.treaty.benchmarks.call;

import org.jspecify.annotations.NullMarked;
