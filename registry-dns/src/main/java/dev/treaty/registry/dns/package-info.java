/**
 * DNS in both directions: discovers services by names in DNS, and serves the instances of a registry by DNS.
 *
 * <p>{@code registry: dns://orders.example.org:8080} reads SRV records with their ports and weights; if there are none,
 * it reads address records and uses the port of the registry's address. A name may contain {@code {service}}, the whole
 * name of the service in lower case, and {@code {name}}, its last part: {@code dns://{name}.svc.local:8080}. Each name
 * is looked up again shortly before its time to live ends, with jitter. If a lookup fails, the known instances remain.
 *
 * <p>{@link dev.treaty.registry.dns.DnsServer} answers DNS queries for programs that support no other discovery.
 *
 * {@snippet class="DnsExample" region="open"}
 */
package dev.treaty.registry.dns;
