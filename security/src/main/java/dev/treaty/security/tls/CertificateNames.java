package dev.treaty.security.tls;

import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.text.PrintableText;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The identity that a certificate states, by the rules of SPIFFE; or its DNS names if it has no SPIFFE id. */
final class CertificateNames {
    // The types of alternative names, as X509Certificate numbers them.
    static final int DNS_NAME = 2;
    static final int URI = 6;
    static final int ADDRESS = 7;

    private static final int ID_LENGTH_MAX = 2_048;
    private static final int SHOWN_MAX = 200;

    private static final int DIGITAL_SIGNATURE = 0;
    private static final int SIGNS_CERTIFICATES = 5;
    private static final int SIGNS_REVOCATIONS = 6;

    private static final String SCHEME = "spiffe://";
    private static final Pattern ID =
            Pattern.compile("spiffe://([a-z0-9._-]{1,255})((?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+)");
    private static final Pattern HOST = Pattern.compile("[a-z0-9_](?:[a-z0-9_-]{0,62}\\.?)*[a-z0-9_]?");

    private CertificateNames() {}

    /** Returns the trust domain of the SPIFFE id; empty if it has none. */
    static Optional<String> trustDomain(X509Certificate certificate) throws CertificateException {
        List<String> uris = names(certificate, URI);
        if (uris.size() == 1) {
            Matcher id = ID.matcher(uris.getFirst());
            return id.matches() ? Optional.of(id.group(1)) : Optional.empty();
        }
        return Optional.empty();
    }

    /**
     * Returns the identity in a certificate whose chain is valid.
     *
     * @param trustDomain the trust domain whose ids are accepted; empty for none
     * @param expiresAt when the first certificate of its chain expires
     */
    static PeerIdentity identity(X509Certificate certificate, Optional<String> trustDomain, Instant expiresAt)
            throws CertificateException {
        checkUsage(certificate);
        List<String> uris = names(certificate, URI);
        boolean spiffe = uris.stream().anyMatch(uri -> uri.regionMatches(true, 0, "spiffe:", 0, 7));
        if (!spiffe) {
            return byDnsNames(certificate, expiresAt);
        }
        if (uris.size() > 1) {
            throw new CertificateException("the certificate has " + uris.size() + " URIs: with a SPIFFE id, one only");
        }
        String uri = uris.getFirst();
        Matcher id = ID.matcher(uri);
        if (uri.length() > ID_LENGTH_MAX || !id.matches()) {
            throw new CertificateException("not a SPIFFE id of a service: " + PrintableText.line(uri, SHOWN_MAX));
        }
        String domain = id.group(1);
        if (trustDomain.isEmpty()) {
            throw new CertificateException(SCHEME + domain + " is not accepted: this process has no trust domain");
        }
        if (!trustDomain.get().equals(domain)) {
            throw new CertificateException("the certificate is of the trust domain "
                    + PrintableText.line(domain, SHOWN_MAX) + ", not of " + trustDomain.get());
        }
        return new PeerIdentity(List.of(uri), id.group(2).substring(1), expiresAt);
    }

    private static PeerIdentity byDnsNames(X509Certificate certificate, Instant expiresAt) throws CertificateException {
        List<String> hosts = names(certificate, DNS_NAME).stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .filter(name -> HOST.matcher(name).matches()) // wildcards identify nothing
                .toList();
        if (hosts.isEmpty()) {
            throw new CertificateException("the certificate of " + TrustBundle.subject(certificate)
                    + " has neither a SPIFFE id nor a DNS name");
        }
        return new PeerIdentity(hosts, hosts.getFirst(), expiresAt);
    }

    private static void checkUsage(X509Certificate certificate) throws CertificateException {
        if (certificate.getBasicConstraints() >= 0) {
            throw new CertificateException("the certificate is one of an authority, not of a service");
        }
        boolean[] usage = certificate.getKeyUsage();
        if (usage != null && (!usage[DIGITAL_SIGNATURE] || usage[SIGNS_CERTIFICATES] || usage[SIGNS_REVOCATIONS])) {
            throw new CertificateException("the key of the certificate may not be used to identify a service");
        }
    }

    /** Returns the alternative names of a type. */
    static List<String> names(X509Certificate certificate, int type) throws CertificateException {
        Collection<List<?>> all = certificate.getSubjectAlternativeNames();
        var names = new ArrayList<String>();
        for (List<?> each : all == null ? List.<List<?>>of() : all) {
            if (each.get(0).equals(type)) {
                names.add((String) each.get(1));
            }
        }
        return names;
    }
}
