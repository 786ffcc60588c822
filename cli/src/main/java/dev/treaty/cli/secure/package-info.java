/**
 * What {@code --secure} does in {@code treaty up}, {@code treaty registry}, {@code treaty demo} and the commands that
 * use a registry.
 *
 * <p>{@link dev.treaty.cli.secure.DevelopmentSecurity} makes an authority and certificates in a directory, and tells
 * processes to use them by their environment.
 */
package dev.treaty.cli.secure;
