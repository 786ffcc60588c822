/**
 * The registry server: its state, its protocol, and its state on disk.
 *
 * <p>{@link dev.treaty.registry.server.RegistryTable} holds instances, leases and contracts without threads or clocks
 * of its own. {@link dev.treaty.registry.server.RegistryService} offers the table to other processes; {@link
 * dev.treaty.registry.server.Journal} writes it to a {@link dev.treaty.registry.spi.Store} so that it survives a
 * restart. {@link dev.treaty.registry.server.SelfPreservation} limits how many instances expire at once.
 */
package dev.treaty.registry.server;
