package dev.treaty.security.tls;

import java.util.Optional;

/**
 * The TLS of a process.
 *
 * @param files its certificate, and whom it trusts
 * @param trustDomain the trust domain whose SPIFFE ids are accepted; empty for that of its own certificate.
 *     Certificates with DNS names only are of no trust domain
 * @param tls12 whether TLS 1.2 is accepted too, with forward secrecy and authenticated encryption. Otherwise it is
 *     TLS 1.3 only
 */
public record TlsPolicy(CertificateFiles files, Optional<String> trustDomain, boolean tls12) {
    /** TLS 1.3 with the trust domain of the own certificate. */
    public static TlsPolicy of(CertificateFiles files) {
        return new TlsPolicy(files, Optional.empty(), false);
    }
}
