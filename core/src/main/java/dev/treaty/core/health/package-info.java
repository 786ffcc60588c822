/**
 * Health checking: determines whether an instance is healthy.
 *
 * <p>A service reports its own health as a {@link dev.treaty.core.health.HealthSource}; a {@link
 * dev.treaty.core.health.HealthProbe} asks an instance over the network. A {@link dev.treaty.core.health.HealthCheck}
 * calls either at the interval of a {@link dev.treaty.core.health.HealthPolicy} and passes every change on, usually to
 * a registration: {@code registration.report(health)}. Servers check their own services this way, and {@code treaty up}
 * checks processes that do not use Treaty.
 */
package dev.treaty.core.health;
