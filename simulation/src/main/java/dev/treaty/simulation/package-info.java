/**
 * The test kit: conformance suites for everything that has several implementations, and in-memory replacements for what
 * is slow or remote.
 *
 * <p>The test class of a registry extends {@link dev.treaty.simulation.RegistryConformance} or {@link
 * dev.treaty.simulation.OutageConformance} and opens the registry under test; it inherits all tests of the suite.
 * {@link dev.treaty.simulation.MemoryNetwork} replaces a transport and {@link dev.treaty.simulation.MemoryStore} a
 * disk. The suites need JUnit and AssertJ, which users of the module add themselves.
 *
 * {@snippet class="ConformanceExample" region="suite"}
 */
package dev.treaty.simulation;
