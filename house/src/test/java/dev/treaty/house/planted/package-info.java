/**
 * Code that breaks the rule about time and chance once in each method, and code that only seems to. Nobody runs it: it
 * is there to be read by {@code BannedCalls}, so that a ban that finds nothing is known to look.
 */
package dev.treaty.house.planted;
