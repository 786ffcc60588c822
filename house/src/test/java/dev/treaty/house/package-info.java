/**
 * Holds every module to the rules of the house: which way dependencies point, what simulated code may call, how sources
 * look. A rule that only a page tells is forgotten within a week; one that a test tells is kept, and kept without talk.
 *
 * <p>The tests read the repository as a reader would: its poms, its sources, and the classes that were compiled from
 * them. So the module is built last, and each test says what is wrong, where, and how to mend it.
 */
package dev.treaty.house;
