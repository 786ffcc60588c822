package dev.treaty.certificates;

import dev.treaty.core.text.AddressRange;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a certificate shall state. Each {@code with} method returns a copy; so a test makes a certificate that is wrong
 * in one way from one that is right.
 *
 * @param name who the certificate is for, such as {@code shop.Orders}: 1 to 200 letters, digits, dots, hyphens and
 *     underscores. The files of the certificate have this name
 * @param uris the URIs of the certificate; empty for one, the SPIFFE id of the name in the authority's trust domain
 * @param dnsNames the DNS names; {@code localhost} by default
 * @param addresses the IP addresses; those of loopback by default
 * @param validFrom from when it is valid; empty for a minute before it is issued, because clocks differ
 * @param lifetime how long it is valid after it is issued, or after {@code validFrom}; 24 hours by default
 * @param authority whether it is one of an authority, which may issue others
 * @param keys the keys; empty for new ones
 */
public record CertificateRequest(
        String name,
        List<String> uris,
        List<String> dnsNames,
        List<String> addresses,
        Optional<Instant> validFrom,
        Duration lifetime,
        boolean authority,
        Optional<KeyPair> keys) {
    /** How long certificates are valid unless the request says otherwise. */
    public static final Duration LIFETIME = Duration.ofHours(24);

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}");
    private static final Pattern DNS_NAME = Pattern.compile("[A-Za-z0-9_*-][A-Za-z0-9._-]{0,252}");

    /** @throws IllegalArgumentException if a name or an address is not one, or if the lifetime is not positive */
    public CertificateRequest {
        if (!NAME.matcher(name).matches() || name.equals("ca")) {
            throw new IllegalArgumentException("the name \"" + name
                    + "\" of a certificate must be letters, digits, dots, hyphens and underscores, and not \"ca\"");
        }
        uris = List.copyOf(uris);
        dnsNames = List.copyOf(dnsNames);
        addresses = List.copyOf(addresses);
        for (String dnsName : dnsNames) {
            if (!DNS_NAME.matcher(dnsName).matches()) {
                throw new IllegalArgumentException("\"" + dnsName + "\" is not a DNS name");
            }
        }
        for (String address : addresses) {
            if (AddressRange.address(address).isEmpty()) {
                throw new IllegalArgumentException("\"" + address + "\" is not an IP address");
            }
        }
        if (!lifetime.isPositive()) {
            throw new IllegalArgumentException("the lifetime of a certificate must be more than 0");
        }
    }

    /** A request for a certificate that is valid on this machine for 24 hours. */
    public static CertificateRequest of(String name) {
        return new CertificateRequest(
                name,
                List.of(),
                List.of("localhost"),
                List.of("127.0.0.1", "::1"),
                Optional.empty(),
                LIFETIME,
                false,
                Optional.empty());
    }

    /** The same with a further DNS name. */
    public CertificateRequest withDnsName(String dnsName) {
        return withDnsNames(and(dnsNames, dnsName));
    }

    /** The same with these DNS names only. */
    public CertificateRequest withDnsNames(List<String> replaced) {
        return new CertificateRequest(name, uris, replaced, addresses, validFrom, lifetime, authority, keys);
    }

    /** The same with a further IP address. */
    public CertificateRequest withAddress(String address) {
        return withAddresses(and(addresses, address));
    }

    /** The same with these IP addresses only. */
    public CertificateRequest withAddresses(List<String> replaced) {
        return new CertificateRequest(name, uris, dnsNames, replaced, validFrom, lifetime, authority, keys);
    }

    /** The same with these URIs in place of the SPIFFE id. */
    public CertificateRequest withUris(String... replaced) {
        return new CertificateRequest(
                name, List.of(replaced), dnsNames, addresses, validFrom, lifetime, authority, keys);
    }

    /** The same with another beginning, which may be in the past or in the future. */
    public CertificateRequest withValidFrom(Instant from) {
        return new CertificateRequest(name, uris, dnsNames, addresses, Optional.of(from), lifetime, authority, keys);
    }

    /** The same with another lifetime. */
    public CertificateRequest withLifetime(Duration changed) {
        return new CertificateRequest(name, uris, dnsNames, addresses, validFrom, changed, authority, keys);
    }

    /** The same as the certificate of an authority, which the authorities of this module may not issue. */
    public CertificateRequest asAuthority() {
        return new CertificateRequest(name, uris, dnsNames, addresses, validFrom, lifetime, true, keys);
    }

    /** The same with these keys, which may be RSA, EC or EdDSA. */
    public CertificateRequest withKeys(KeyPair pair) {
        return new CertificateRequest(
                name, uris, dnsNames, addresses, validFrom, lifetime, authority, Optional.of(pair));
    }

    private static List<String> and(List<String> list, String further) {
        var all = new ArrayList<>(list);
        if (!all.contains(further)) {
            all.add(further);
        }
        return all;
    }
}
