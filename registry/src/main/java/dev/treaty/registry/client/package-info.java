/**
 * The client of a networked registry: what keeps registrations and views current through outages.
 *
 * <p>{@link dev.treaty.registry.client.RegistryConnection} records whether the registry is reachable. {@link
 * dev.treaty.registry.client.LeaseKeeper} registers instances, renews their leases and publishes contracts, and {@link
 * dev.treaty.registry.client.WatchClient} keeps local copies of watched services with one long poll for all of them.
 * {@link dev.treaty.registry.client.SettingsClient} does the same for the central settings.
 * {@code NetworkRegistry} combines them.
 */
package dev.treaty.registry.client;
