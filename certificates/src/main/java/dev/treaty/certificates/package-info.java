/**
 * A certificate authority for development and tests.
 *
 * {@snippet class="CertificatesExample" region="files"}
 *
 * <p>Tests make certificates that are wrong in one way:
 *
 * {@snippet class="CertificatesExample" region="tests"}
 */
package dev.treaty.certificates;
