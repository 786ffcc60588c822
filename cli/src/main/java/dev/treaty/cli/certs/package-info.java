/**
 * The command {@code treaty certs}, which issues certificates for development and says what is wrong with any.
 *
 * <p>{@link dev.treaty.cli.certs.CertsCommand} has its subcommands: {@code init} creates an authority, {@code issue},
 * {@code renew} and {@code revoke} use it, and {@code show} reads certificates, also those of other authorities.
 */
package dev.treaty.cli.certs;
