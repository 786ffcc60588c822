/**
 * What picking an instance costs, and what a sick instance does to the calls of a service.
 *
 * <p>Picks are measured by JMH, each subject in classes of its own ({@code …Picks}). The tail is measured with real
 * servers on loopback, ten instances in a process of their own ({@link
 * dev.treaty.benchmarks.balance.Instances}), and calls that begin when they are due, whether earlier ones have ended or
 * not ({@link dev.treaty.benchmarks.balance.OpenLoad}).
 */
@NullMarked
package dev.treaty.benchmarks.balance;

import org.jspecify.annotations.NullMarked;
