/**
 * Who calls and what a caller may do: TLS from files, tokens and API keys, and rules of access.
 *
 * {@snippet class="AccessExample" region="decide"}
 *
 * <p>An {@link dev.treaty.security.AccessMatrix} asserts in a test who may do what:
 *
 * {@snippet class="AccessExample" region="matrix"}
 */
package dev.treaty.security;
