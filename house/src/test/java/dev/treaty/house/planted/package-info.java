/**
 * Code for the tests of {@code BannedCalls}: one class has a banned call in each method, the other has calls that
 * resemble banned ones. It is never run.
 */
package dev.treaty.house.planted;
