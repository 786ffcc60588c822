/**
 * The command {@code treaty certs}: it creates an authority for development, issues, renews and revokes certificates,
 * and shows what is wrong with any certificate.
 */
package dev.treaty.cli.certs;
