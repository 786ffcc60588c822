/**
 * The TLS of a process: its certificate and whom it trusts, from files that may change while it runs.
 */
package dev.treaty.security.tls;
