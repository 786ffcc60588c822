/**
 * DNS in both directions: services that are found by names in DNS, and a DNS server that tells of instances.
 *
 * <p>{@code registry: dns://orders.example.org:8080} reads: SRV records where there are any, with their ports and
 * weights, and otherwise addresses, with the port of the address. A name may hold {@code {service}}, which is the
 * service's whole name in small letters, and {@code {name}}, its last part: {@code dns://{name}.svc.local:8080}. Names
 * are looked up again when their time to live is over, a little earlier by chance so that not everybody does at once;
 * where a lookup fails, what was known is kept.
 *
 * <p>{@link dev.treaty.registry.dns.DnsServer} answers for whatever speaks only DNS.
 *
 * {@snippet class="DnsExample" region="open"}
 */
package dev.treaty.registry.dns;
