/** The command {@code treaty certs}. */
package dev.treaty.cli.certs;
