/**
 * Tests that check the rules for all modules: the direction of dependencies, the calls that simulated code may make,
 * the format of sources, the names of public types, and the examples of the documentation.
 *
 * <p>The tests read the poms, the sources and the compiled classes of the repository, so this module is built last. A
 * failure reports the rule, each place that violates it, and how to fix it.
 */
package dev.treaty.house;
