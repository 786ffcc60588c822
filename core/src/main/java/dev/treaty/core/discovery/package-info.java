/**
 * Discovery: which instances of a service there are, where they listen and how they feel.
 *
 * <p>Services register {@linkplain dev.treaty.core.discovery.ServiceInstance instances} with a {@link
 * dev.treaty.core.discovery.ServiceRegistry} under a lease; clients read them through a {@link
 * dev.treaty.core.discovery.ServiceDiscovery}, as a snapshot or as a stream of {@linkplain
 * dev.treaty.core.discovery.DiscoveryEvent added, updated and removed}. Whatever engine is behind it, one {@link
 * dev.treaty.core.discovery.Registry} has both faces, and all engines keep the same promises, which one conformance
 * suite holds them to.
 *
 * {@snippet class="DiscoveryExample" region="watch"}
 *
 * <p>An instance is made of what every copy has, and told the rest:
 *
 * {@snippet class="DiscoveryExample" region="instance"}
 */
package dev.treaty.core.discovery;
