/**
 * Compatibility APIs of a registry, for programs that use Consul's HTTP API or Prometheus's service discovery.
 *
 * <p>{@link dev.treaty.registry.compat.ConsulApi} responds as a Consul agent does to queries for services, their health
 * and their instances, including blocking queries, and registers instances with TTL checks. {@link
 * dev.treaty.registry.compat.PrometheusApi} lists the targets that Prometheus scrapes. Both work with any registry, and
 * run on an HTTP server:
 *
 * {@snippet class="CompatExample" region="open"}
 */
package dev.treaty.registry.compat;
