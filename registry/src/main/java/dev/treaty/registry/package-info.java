/**
 * Registries: where instances register under a lease, contracts are published, and both are watched.
 *
 * <p>{@link dev.treaty.registry.server.RegistryTable} is what a registry knows, as plain state. {@link
 * dev.treaty.registry.EmbeddedRegistry} uses it within one process; {@link dev.treaty.registry.server.RegistryService} offers
 * it to others as a service like any other, {@link dev.treaty.registry.RegistryProtocol}, and {@link
 * dev.treaty.registry.NetworkRegistry} is the client of that. Clients see the same whichever it is; one conformance
 * suite holds both to it.
 *
 * <p>Contracts are remembered by version and fingerprint, by the one rule of {@link
 * dev.treaty.registry.spi.ContractHistory}, which also says which of them are refused. Instances that do not report their
 * own health are asked by a {@link dev.treaty.registry.HealthCheck}.
 *
 * <p>Changes are numbered and stand in a log of fixed length. A watcher asks for what is new since the number it has
 * seen, and waits where nothing is; one that fell too far behind gets the whole set. So changes are pushed without a
 * connection kept open for it, a watch survives any broken connection without missing anything, and no watcher can make
 * the registry queue something for it.
 *
 * <p>What the registry knows can always be told again by those who registered it: after a restart its clients notice
 * the new {@linkplain dev.treaty.registry.RegistryProtocol.News epoch}, register again what it does not know, and keep
 * what they knew of the others until those have had the time to do so too. A {@link dev.treaty.registry.server.Journal} spares
 * them that, by keeping the state in a {@link dev.treaty.registry.spi.Store}.
 *
 * <p>What cannot be known is not guessed: of leases that end at once a {@link dev.treaty.registry.SelfPreservationPolicy}
 * lets a share end and holds the rest, and an instance that drains leaves when its clients have heard.
 *
 * {@snippet class="RegistryExample" region="embedded"}
 */
package dev.treaty.registry;
