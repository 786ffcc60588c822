/**
 * The test kit: what a part of Treaty promises, as tests that any implementation of it can be held to, and twins of
 * what is slow or out of reach, to be used in place of the real thing.
 *
 * <p>An engine's test class extends a conformance suite and says how to open its subject; it then has all the tests of
 * the suite. The suites need JUnit and AssertJ, which the module leaves for its user to bring.
 *
 * {@snippet class="ConformanceExample" region="suite"}
 */
package dev.treaty.simulation;
