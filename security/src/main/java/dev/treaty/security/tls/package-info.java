/**
 * The TLS of a process: its certificate and whom it trusts, from files that may change while it runs.
 *
 * <p>A {@link dev.treaty.security.tls.FileTransportSecurity} watches the {@link
 * dev.treaty.security.tls.CertificateFiles} of a {@link dev.treaty.security.tls.TlsPolicy}. A peer is identified by its
 * certificate: by the SPIFFE id, or else by the DNS names. Host names do not count: whether a server may serve a
 * service is decided by its identity.
 *
 * {@snippet class="TlsExample" region="tls"}
 */
package dev.treaty.security.tls;
