/** A certificate authority for development and tests. */
package dev.treaty.certificates;
