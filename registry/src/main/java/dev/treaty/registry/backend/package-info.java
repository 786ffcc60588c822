/**
 * Turns a backend into a registry, and the backend that reads a file.
 *
 * <p>{@link dev.treaty.registry.backend.BackendService} implements the registry protocol over a {@link
 * dev.treaty.registry.spi.Backend} within the process, so that {@code NetworkRegistry} uses every backend in the same
 * way as a remote registry. {@link dev.treaty.registry.backend.FileBackend} reads instances from a YAML or JSON file
 * and follows its changes.
 */
package dev.treaty.registry.backend;
