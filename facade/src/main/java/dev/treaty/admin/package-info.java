/**
 * What a process hosts beside its services, for consoles, command lines and monitoring.
 *
 * <p>{@link dev.treaty.admin.AdminEndpoints} hosts the two contracts {@code dev.treaty.Introspection} and {@code
 * dev.treaty.Control}, the status page and the metrics page. {@link dev.treaty.admin.ProcessStatus} implements the
 * first.
 */
package dev.treaty.admin;
