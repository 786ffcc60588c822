/**
 * What {@code --secure} does: {@link dev.treaty.cli.secure.DevelopmentSecurity} makes an authority and certificates in a
 * directory beside a file, and tells processes to use them by their environment.
 */
package dev.treaty.cli.secure;
