/**
 * What guarding a call costs, against others.
 *
 * <p>Each class called {@code …Guards} is one subject: its methods, which JMH measures, guard the same {@link Body}
 * with one policy or with all of them, by the same settings. A method's name is the setting that it is compared in, so
 * that {@code Resilience4jGuards.rateLimiter} stands beside {@code TreatyGuards.rateLimiter}; {@link Measured} lists
 * them. {@link GuardsBenchmark} has each measured by a {@link dev.treaty.benchmarks.JmhWorker}, a process of its own
 * that lives through all rounds of its setting, so that subjects can take turns; {@link Footprint} measures what a
 * guard keeps in memory, and {@link dev.treaty.benchmarks.Target} says what is aimed at.
 */
@NullMarked
package dev.treaty.benchmarks.guards;

import org.jspecify.annotations.NullMarked;
