/**
 * Doors to a registry for programs that speak the languages of others: Consul's HTTP API and Prometheus's service
 * discovery.
 *
 * <p>{@link dev.treaty.registry.compat.ConsulApi} answers as a Consul agent does where it is asked for services, their
 * health and their instances, blocking queries included, and lets instances register with a TTL check. {@link
 * dev.treaty.registry.compat.PrometheusApi} tells Prometheus what to scrape. Both only need a registry, whichever it
 * is, and a server:
 *
 * {@snippet class="DoorsExample" region="open"}
 */
package dev.treaty.registry.compat;
