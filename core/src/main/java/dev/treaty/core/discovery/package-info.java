/**
 * Discovery: the instances of a service, with their endpoints and health.
 *
 * <p>Services register {@linkplain dev.treaty.core.discovery.ServiceInstance instances} with a {@link
 * dev.treaty.core.discovery.ServiceRegistry} under a lease; clients read them through a {@link
 * dev.treaty.core.discovery.ServiceDiscovery}, as a snapshot or as a stream of {@linkplain
 * dev.treaty.core.discovery.DiscoveryEvent changes}. A {@link dev.treaty.core.discovery.Registry} is both, and has a
 * {@link dev.treaty.core.discovery.SettingsStore} of the central settings of all its processes. All backends behave
 * alike, which one conformance suite checks.
 *
 * {@snippet class="DiscoveryExample" region="watch"}
 *
 * <p>An instance is created with its required properties; methods add the optional ones:
 *
 * {@snippet class="DiscoveryExample" region="instance"}
 */
package dev.treaty.core.discovery;
