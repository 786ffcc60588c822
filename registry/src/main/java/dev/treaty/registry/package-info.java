/**
 * Registries: instances register under a lease, contracts are published, and clients watch both.
 *
 * <p>{@link dev.treaty.registry.EmbeddedRegistry} is a registry within one process. A registry server offers {@link
 * dev.treaty.registry.RegistryProtocol}, an ordinary Treaty service, and {@link dev.treaty.registry.NetworkRegistry} is
 * its client; {@link dev.treaty.registry.NetworkRegistry#over NetworkRegistry.over} does the same with a {@link
 * dev.treaty.registry.spi.Backend} such as etcd. {@link dev.treaty.registry.JointRegistry} combines several registries.
 * All of them behave the same: one conformance suite tests them.
 *
 * <p>Changes are numbered and kept in a log of limited length. A watcher asks for what has changed since the revision
 * that it has seen, and waits if nothing has; one that is too far behind gets all instances. So changes are pushed
 * without a permanent connection, a broken connection loses nothing, and no watcher can fill a queue in the registry.
 *
 * <p>After a restart of a registry, its clients notice the new {@linkplain
 * dev.treaty.registry.RegistryProtocol.News#epoch epoch}, register again what it does not know, and keep other
 * instances until those have had the time to register again too. A {@link dev.treaty.registry.server.Journal} makes
 * that unnecessary by keeping the state on disk.
 *
 * <p>A registry also keeps the {@linkplain dev.treaty.core.discovery.SettingsStore central settings} of all its
 * processes, as one text that is replaced as a whole and watched.
 *
 * <p>If many leases expire at once, a {@link dev.treaty.registry.SelfPreservationPolicy} limits how many instances are
 * removed. A draining instance is removed after all watchers have acknowledged that it drains.
 *
 * {@snippet class="RegistryExample" region="embedded"}
 */
package dev.treaty.registry;
