package dev.treaty.certificates;

import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CRLHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority for development and tests: it issues certificates with SPIFFE ids of one trust domain, for
 * clients and servers, and revokes them. It has no other authorities below it, and its certificate allows ids of its
 * trust domain only.
 *
 * <p>A user who can read its directory can become every service; so production has an authority of its own, such as
 * cert-manager or SPIRE. In the directory are
 *
 * <ul>
 *   <li>{@code ca.pem}, its certificate, which everyone trusts who belongs to the trust domain,
 *   <li>{@code ca.key}, its key, which only the owner can read,
 *   <li>{@code ca.crl}, the revoked certificates. The list ends {@link #REVOCATIONS_LIFETIME} after it was written, and
 *       is written again with whatever the authority does once half of that has passed,
 *   <li>{@code .gitignore}, so that no key gets into a repository,
 *   <li>{@code NAME.pem} and {@code NAME.key} of the certificates that were issued there.
 * </ul>
 *
 * <p>It is thread-safe, but one process at a time may change a directory.
 */
public final class CertificateAuthority {
    /** How long the certificate of an authority is valid. */
    public static final Duration LIFETIME = Duration.ofDays(3_652);

    /** How long a list of revoked certificates is valid. */
    public static final Duration REVOCATIONS_LIFETIME = Duration.ofDays(90);

    /** Certificates are valid from this long ago, because clocks differ. */
    private static final Duration BACKDATED = Duration.ofMinutes(1);

    private static final Pattern TRUST_DOMAIN = Pattern.compile("[a-z0-9][a-z0-9._-]{0,252}");
    private static final String ALGORITHM = "SHA256withECDSA";
    private static final int SERIAL_BYTES = 16;

    private final X509Certificate certificate;
    private final PrivateKey key;
    private final String trustDomain;
    /** The certificates that are written and not expired: serial number, end in seconds, name. */
    private static final String ISSUED = "ca.issued";

    private static final int SERIAL = 0;
    private static final int EXPIRES = 1;
    private static final int NAME = 2;
    private static final int HEXADECIMAL = 16;

    private final InstantSource time;
    private final @Nullable Path directory;
    private X509CRL revocations; // guarded by this

    private CertificateAuthority(
            X509Certificate certificate,
            PrivateKey key,
            InstantSource time,
            @Nullable Path directory,
            @Nullable X509CRL revocations)
            throws IOException {
        this.certificate = certificate;
        this.key = key;
        this.trustDomain = trustDomain(certificate);
        this.time = time;
        this.directory = directory;
        this.revocations = revocations == null ? revocations(null, null) : revocations;
    }

    /**
     * Creates an authority in a directory, which is created for its owner only unless it exists.
     *
     * @param trustDomain the trust domain, such as {@code shop.example}: lower-case letters, digits, dots, hyphens and
     *     underscores
     * @throws FileAlreadyExistsException if there is one already
     */
    public static CertificateAuthority create(Path directory, String trustDomain, InstantSource time)
            throws IOException {
        OwnFiles.createDirectory(directory);
        if (Files.exists(directory.resolve("ca.pem"))) {
            throw new FileAlreadyExistsException(
                    directory.resolve("ca.pem").toString(), null, "it exists, and is not overwritten");
        }
        KeyPair keys = newKeys();
        var authority = new CertificateAuthority(
                own(keys, trustDomain, time.instant()), keys.getPrivate(), time, directory, null);
        OwnFiles.createSecret(directory.resolve("ca.key"), Pem.text(keys.getPrivate()));
        OwnFiles.write(directory.resolve("ca.crl"), authority.revocationsPem());
        OwnFiles.write(directory.resolve("ca.pem"), authority.pem());
        if (!Files.exists(directory.resolve(".gitignore"))) {
            OwnFiles.write(directory.resolve(".gitignore"), "*\n"); // keys do not belong into a repository
        }
        return authority;
    }

    /**
     * Opens the authority in a directory.
     *
     * @throws IOException if there is none, or if others than the owner can read its key
     */
    public static CertificateAuthority open(Path directory, InstantSource time) throws IOException {
        OwnFiles.checkSecret(directory.resolve("ca.key"));
        X509Certificate certificate = Pem.certificate(directory.resolve("ca.pem"));
        Path list = directory.resolve("ca.crl");
        return new CertificateAuthority(
                certificate,
                Pem.key(directory.resolve("ca.key")),
                time,
                directory,
                Files.exists(list) ? Pem.revocations(list) : null);
    }

    /** Creates an authority without files, for tests. */
    public static CertificateAuthority inMemory(String trustDomain, InstantSource time) {
        try {
            KeyPair keys = newKeys();
            return new CertificateAuthority(
                    own(keys, trustDomain, time.instant()), keys.getPrivate(), time, null, null);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * An authority without files below another one, which none of this module may have: for tests that such
     * certificates are refused.
     *
     * @param authority a certificate that was requested {@linkplain CertificateRequest#asAuthority as an authority}
     */
    public static CertificateAuthority below(IssuedCertificate authority, InstantSource time) {
        try {
            return new CertificateAuthority(authority.certificate(), authority.key(), time, null, null);
        } catch (IOException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Returns the trust domain, which each SPIFFE id that it issues has. */
    public String trustDomain() {
        return trustDomain;
    }

    /** Returns its certificate. */
    public X509Certificate certificate() {
        return certificate;
    }

    /** Returns its certificate as PEM. */
    public String pem() {
        try {
            return Pem.text(certificate);
        } catch (GeneralSecurityException e) {
            throw failed(e);
        }
    }

    /** Returns the list of revoked certificates as PEM. */
    public synchronized String revocationsPem() {
        try {
            return Pem.text(revocations);
        } catch (GeneralSecurityException e) {
            throw failed(e);
        }
    }

    /** Returns the revoked serial numbers. */
    public synchronized List<BigInteger> revoked() {
        Set<? extends X509CRLEntry> entries = revocations.getRevokedCertificates();
        return entries == null
                ? List.of()
                : entries.stream().map(X509CRLEntry::getSerialNumber).toList();
    }

    /** Issues a certificate for this machine that is valid for 24 hours. */
    public IssuedCertificate issue(String name) {
        return issue(CertificateRequest.of(name));
    }

    /** Issues a certificate, with new keys unless the request has some; writes nothing. */
    public IssuedCertificate issue(CertificateRequest request) {
        KeyPair keys = request.keys().orElseGet(CertificateAuthority::newKeys);
        Instant now = time.instant().truncatedTo(ChronoUnit.SECONDS);
        Instant from = request.validFrom().orElse(now.minus(BACKDATED));
        Instant to = request.validFrom().orElse(now).plus(request.lifetime());
        try {
            var extensions = new JcaX509ExtensionUtils();
            var builder = new JcaX509v3CertificateBuilder(
                    certificate.getSubjectX500Principal(),
                    serial(keys.getPublic(), from),
                    Date.from(from),
                    Date.from(to),
                    new X500Principal("CN=" + request.name()),
                    keys.getPublic());
            boolean signs = request.authority();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(signs));
            builder.addExtension(
                    Extension.keyUsage,
                    true,
                    new KeyUsage(signs ? KeyUsage.keyCertSign | KeyUsage.digitalSignature : KeyUsage.digitalSignature));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(new KeyPurposeId[] {
                KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
            }));
            builder.addExtension(Extension.subjectAlternativeName, false, names(request));
            builder.addExtension(
                    Extension.authorityKeyIdentifier, false, extensions.createAuthorityKeyIdentifier(certificate));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(keys.getPublic()));
            X509Certificate issued = new JcaX509CertificateConverter().getCertificate(builder.build(signer(key)));
            return new IssuedCertificate(request.name(), issued, keys.getPrivate());
        } catch (GeneralSecurityException | CertIOException e) {
            throw failed(e);
        }
    }

    /**
     * Issues a certificate, and writes it into the directory of the authority. It replaces one of the same name, which
     * stays valid until it expires or is revoked.
     *
     * @throws IOException if files of this name were not issued by this authority
     */
    public IssuedCertificate write(CertificateRequest request) throws IOException {
        Path files = files();
        if (Files.exists(files.resolve(request.name() + ".pem"))) {
            issued(request.name()); // whatever else has this name is not replaced
        }
        IssuedCertificate issued = issue(request);
        remember(issued); // first, so that none is in use that could not be revoked
        issued.write(files);
        refreshRevocations();
        return issued;
    }

    /** Issues {@code NAME.pem} of the directory anew, with the same names and lifetime and a new key. */
    public IssuedCertificate renew(String name) throws IOException {
        return write(request(name));
    }

    /** Returns the names of the certificates in the directory that it has issued, sorted. */
    public List<String> names() throws IOException {
        try (var listed = Files.list(files())) {
            List<String> names = listed.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(".pem") && !file.equals("ca.pem"))
                    .map(file -> file.substring(0, file.length() - ".pem".length()))
                    .sorted()
                    .toList();
            var issued = new ArrayList<String>();
            for (String name : names) {
                if (isOwn(Pem.certificate(files().resolve(name + ".pem")))) {
                    issued.add(name);
                }
            }
            return issued;
        }
    }

    /** Revokes the certificate {@code NAME.pem} of the directory, and those of this name that it has replaced. */
    public void revoke(String name) throws IOException {
        BigInteger newest = issued(name).getSerialNumber();
        for (String[] line : written()) {
            if (line[NAME].equals(name)) {
                revoke(new BigInteger(line[SERIAL], HEXADECIMAL));
            }
        }
        revoke(newest);
    }

    /** Adds a certificate to the list of those that have not expired, so that all of a name can be revoked. */
    private synchronized void remember(IssuedCertificate issued) throws IOException {
        long now = time.instant().getEpochSecond();
        var lines = new ArrayList<String>();
        for (String[] line : written()) {
            if (Long.parseLong(line[EXPIRES]) > now) {
                lines.add(String.join(" ", line));
            }
        }
        lines.add(issued.certificate().getSerialNumber().toString(HEXADECIMAL) + " "
                + issued.certificate().getNotAfter().toInstant().getEpochSecond() + " " + issued.name());
        OwnFiles.write(files().resolve(ISSUED), String.join("\n", lines) + "\n");
    }

    /** The parts of each line of that list. */
    private List<String[]> written() throws IOException {
        Path list = files().resolve(ISSUED);
        if (!Files.exists(list)) {
            return List.of();
        }
        return Files.readAllLines(list).stream()
                .map(line -> line.split(" ", -1))
                .filter(line -> line.length == 3)
                .toList();
    }

    /** Revokes a certificate, and writes the list of revoked certificates if the authority has a directory. */
    public synchronized void revoke(BigInteger serial) throws IOException {
        revocations = revocations(revocations, serial);
        writeRevocations();
    }

    /** Writes the list of revoked certificates again if half of its lifetime has passed. */
    public synchronized void refreshRevocations() throws IOException {
        Instant half = revocations.getThisUpdate().toInstant().plus(REVOCATIONS_LIFETIME.dividedBy(2));
        if (time.instant().isAfter(half)) {
            revocations = revocations(revocations, null);
            writeRevocations();
        }
    }

    private synchronized void writeRevocations() throws IOException {
        if (directory != null) {
            OwnFiles.write(directory.resolve("ca.crl"), revocationsPem());
        }
    }

    private Path files() {
        if (directory == null) {
            throw new IllegalStateException("this authority has no directory");
        }
        return directory;
    }

    private X509Certificate issued(String name) throws IOException {
        Path file = files().resolve(CertificateRequest.of(name).name() + ".pem");
        X509Certificate issued = Pem.certificate(file);
        if (!isOwn(issued)) {
            throw new IOException(file + " was not issued by this authority");
        }
        return issued;
    }

    private boolean isOwn(X509Certificate issued) {
        try {
            issued.verify(certificate.getPublicKey());
            return true;
        } catch (GeneralSecurityException _) {
            return false;
        }
    }

    private CertificateRequest request(String name) throws IOException {
        X509Certificate issued = issued(name);
        var uris = new ArrayList<String>();
        var dnsNames = new ArrayList<String>();
        var addresses = new ArrayList<String>();
        try {
            for (List<?> each : Objects.requireNonNullElse(issued.getSubjectAlternativeNames(), List.<List<?>>of())) {
                String value = String.valueOf(each.get(1));
                switch ((Integer) each.get(0)) {
                    case GeneralName.uniformResourceIdentifier -> uris.add(value);
                    case GeneralName.dNSName -> dnsNames.add(value);
                    case GeneralName.iPAddress -> addresses.add(value);
                    default -> {
                        // not issued by this class
                    }
                }
            }
        } catch (CertificateParsingException e) {
            throw new IOException(name + ".pem is damaged", e);
        }
        Duration lifetime = Duration.between(
                issued.getNotBefore().toInstant().plus(BACKDATED),
                issued.getNotAfter().toInstant());
        return new CertificateRequest(
                name, uris, dnsNames, addresses, Optional.empty(), lifetime, false, Optional.empty());
    }

    private GeneralNames names(CertificateRequest request) {
        var names = new ArrayList<GeneralName>();
        List<String> uris =
                request.uris().isEmpty() ? List.of("spiffe://" + trustDomain + "/" + request.name()) : request.uris();
        uris.forEach(uri -> names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
        request.dnsNames().forEach(name -> names.add(new GeneralName(GeneralName.dNSName, name)));
        request.addresses().forEach(address -> names.add(new GeneralName(GeneralName.iPAddress, address)));
        return new GeneralNames(names.toArray(GeneralName[]::new));
    }

    /** Returns a new list with what an earlier one has, and one more. */
    private X509CRL revocations(@Nullable X509CRL before, @Nullable BigInteger further) {
        Instant now = time.instant();
        try {
            var builder = new JcaX509v2CRLBuilder(certificate, Date.from(now));
            builder.setNextUpdate(Date.from(now.plus(REVOCATIONS_LIFETIME)));
            BigInteger number = BigInteger.ONE;
            if (before != null) {
                var holder = new JcaX509CRLHolder(before);
                builder.addCRL(holder);
                number = CRLNumber.getInstance(
                                holder.getExtension(Extension.cRLNumber).getParsedValue())
                        .getCRLNumber()
                        .add(BigInteger.ONE);
            }
            if (further != null && (before == null || before.getRevokedCertificate(further) == null)) {
                builder.addCRLEntry(further, Date.from(now), CRLReason.unspecified);
            }
            builder.addExtension(Extension.cRLNumber, false, new CRLNumber(number));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate));
            return new JcaX509CRLConverter().getCRL(builder.build(signer(key)));
        } catch (GeneralSecurityException | CertIOException e) {
            throw failed(e);
        }
    }

    private static X509Certificate own(KeyPair keys, String trustDomain, Instant now) {
        if (!TRUST_DOMAIN.matcher(trustDomain).matches()) {
            throw new IllegalArgumentException("the trust domain \"" + trustDomain
                    + "\" must be lower-case letters, digits, dots, hyphens and underscores");
        }
        Instant from = now.truncatedTo(ChronoUnit.SECONDS).minus(BACKDATED);
        BigInteger serial = serial(keys.getPublic(), from);
        var subject = new X500Principal(
                "CN=Treaty development authority " + serial.toString(16).substring(0, 8) + ",O=" + trustDomain);
        var only = new GeneralSubtree(new GeneralName(GeneralName.uniformResourceIdentifier, trustDomain));
        try {
            var builder = new JcaX509v3CertificateBuilder(
                    subject, serial, Date.from(from), Date.from(from.plus(LIFETIME)), subject, keys.getPublic());
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(
                    Extension.nameConstraints, true, new NameConstraints(new GeneralSubtree[] {only}, null));
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(
                            new GeneralName(GeneralName.uniformResourceIdentifier, "spiffe://" + trustDomain)));
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
            return new JcaX509CertificateConverter().getCertificate(builder.build(signer(keys.getPrivate())));
        } catch (GeneralSecurityException | CertIOException e) {
            throw failed(e);
        }
    }

    /** Returns the trust domain in the SPIFFE id of an authority. */
    private static String trustDomain(X509Certificate authority) throws IOException {
        try {
            Collection<List<?>> names = authority.getSubjectAlternativeNames();
            for (List<?> each : names == null ? List.<List<?>>of() : names) {
                if (each.get(0).equals(GeneralName.uniformResourceIdentifier)) {
                    String host = URI.create(String.valueOf(each.get(1))).getRawAuthority();
                    if (host != null) {
                        return host;
                    }
                }
            }
        } catch (CertificateParsingException | IllegalArgumentException e) {
            throw new IOException("the certificate of the authority is damaged", e);
        }
        throw new IOException("the certificate of the authority has no SPIFFE id: certs init creates one that has");
    }

    private static ContentSigner signer(PrivateKey key) {
        try {
            return new JcaContentSignerBuilder(ALGORITHM).build(key);
        } catch (OperatorCreationException e) {
            throw failed(e);
        }
    }

    private static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw failed(e);
        }
    }

    /** Returns a serial number as random as a new key. */
    private static BigInteger serial(PublicKey key, Instant from) {
        try {
            MessageDigest hash = MessageDigest.getInstance("SHA-256");
            hash.update(from.toString().getBytes(StandardCharsets.US_ASCII));
            byte[] digest = hash.digest(key.getEncoded());
            return new BigInteger(1, Arrays.copyOf(digest, SERIAL_BYTES)).setBit(8 * SERIAL_BYTES - 2);
        } catch (GeneralSecurityException e) {
            throw failed(e);
        }
    }

    private static IllegalStateException failed(Exception e) {
        return new IllegalStateException("the certificate could not be made: " + e.getMessage(), e);
    }

    @Override
    public String toString() {
        return "CertificateAuthority[" + trustDomain + ", serial number "
                + HexFormat.of().formatHex(certificate.getSerialNumber().toByteArray()) + "]";
    }
}
