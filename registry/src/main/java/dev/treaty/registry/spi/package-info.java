/**
 * What a registry backend implements.
 *
 * <p>A {@link dev.treaty.registry.spi.Backend} stores instances and contracts in a distributed store under a lease
 * and reports their changes, keeps the central settings, or only reads what others have written; {@code
 * NetworkRegistry.over} adds everything that all registries have in common. A {@link
 * dev.treaty.registry.spi.RegistryProvider} is found by the scheme of a registry address through {@link
 * java.util.ServiceLoader}.
 *
 * <p>{@snippet class="ProviderExample" region="provider"}
 */
package dev.treaty.registry.spi;
