/**
 * Who calls, and what a caller may do: the interfaces between the network, which receives credentials, and what checks
 * them.
 *
 * <p>A server asks an {@link dev.treaty.core.security.AccessControl} before it reads the body of a request. A {@link
 * dev.treaty.core.security.TransportSecurity} encrypts connections and identifies peers by their certificates. A client
 * gets its tokens from a {@link dev.treaty.core.security.TokenSource}.
 *
 * {@snippet class="SecurityExample" region="access"}
 */
package dev.treaty.core.security;
