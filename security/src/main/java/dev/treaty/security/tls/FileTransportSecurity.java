package dev.treaty.security.tls;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.health.HealthSource;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import dev.treaty.core.time.Time;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * The TLS of a process by certificates in files, on the JDK's provider.
 *
 * <p>The files are compared every {@link #COMPARED_SECONDS} seconds. They have two parts: the own certificate with its
 * key, and the trusted authorities with their lists of revoked certificates. A part that has changed is used once it is
 * right; until then the one before stays in force, and {@link #health} and an {@linkplain Event.SecurityNoticed
 * event} say what is wrong. So a key and its certificate may be replaced one after the other, or by a symbolic link as
 * Kubernetes does. A certificate is right if the key fits it, it is valid, it states an identity, and the trusted
 * authorities accept it, unless they do not accept the one before either.
 *
 * <p>Peers need a valid chain to a trusted authority. Their identity is their SPIFFE id, which must be of the own trust
 * domain, or else their DNS names, in lower case; wildcards do not count. With lists of revoked certificates, a peer is
 * refused that is on one, and also if the list of its authority is missing or has ended: an authority must renew its
 * lists in time. Keys must be usable for signatures, and certificates for a server or a client.
 */
public final class FileTransportSecurity implements TransportSecurity, HealthSource, AutoCloseable {
    /** How often the files are compared, in seconds: after this time at most, a change is noticed. */
    public static final int COMPARED_SECONDS = 2;

    private static final String NAME = "treaty-certificates";
    private static final int MESSAGE_LENGTH_MAX = 500;

    static {
        // TLS 1.3 has no renegotiation. For TLS 1.2, a peer must not begin one: the JDK has a property only.
        if (System.getProperty("jdk.tls.rejectClientInitiatedRenegotiation") == null) {
            System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        }
    }

    private final TlsPolicy policy;
    private final BiPredicate<String, ServiceName> mayServe;
    private final Events events;
    private final Time time;
    private final Thread thread;
    private final Part<Optional<OwnCertificate>> own; // used by the thread, after the start
    private final Part<TrustBundle> trust;
    private volatile Generation current;
    private volatile List<String> problems = List.of(); // as reported; replaced by the thread
    private volatile boolean closed;

    /** What is in force: its number, the TLS, and which lists of revoked certificates have ended. */
    private record Generation(long number, TlsContext tls, List<String> ended) {}

    private FileTransportSecurity(TlsPolicy policy, BiPredicate<String, ServiceName> mayServe, Events events, Time time)
            throws CertificateException {
        this.policy = policy;
        this.mayServe = mayServe;
        this.events = events.harmless();
        this.time = time;
        CertificateFiles files = policy.files();
        this.trust = new Part<>(files.ofTrust(), contents -> TrustBundle.read(files, contents));
        this.own = new Part<>(files.ofOwn(), contents -> {
            Optional<OwnCertificate> read = OwnCertificate.read(files, contents);
            if (read.isPresent()) {
                read.get().checkTime(time.instant());
            }
            return read;
        });
        this.current = next(0);
        this.thread = BackgroundThread.platform(NAME, time, events, this::run);
    }

    /**
     * Reads the files, and starts to watch them.
     *
     * @param mayServe whether an identity, by its {@linkplain PeerIdentity#name name}, may serve a service; it is asked
     *     for each connection to a server
     * @param events receives changes and problems
     * @throws CertificateException if the files cannot be read or are wrong
     */
    public static FileTransportSecurity start(
            TlsPolicy policy, BiPredicate<String, ServiceName> mayServe, Events events, Time time)
            throws CertificateException {
        var security = new FileTransportSecurity(policy, mayServe, events, time);
        security.report();
        security.thread.start();
        return security;
    }

    private void run() throws InterruptedException {
        while (!closed) {
            time.sleep(TimeUnit.SECONDS.toNanos(COMPARED_SECONDS));
            try {
                compare();
            } catch (CertificateException e) {
                throw new IllegalStateException("certificates that were right are not any more", e);
            }
            report();
        }
    }

    private void compare() throws CertificateException {
        boolean trustChanged = trust.update(_ -> {});
        boolean ownChanged = own.update(this::checkAccepted);
        if (trustChanged || ownChanged) {
            current = next(current.number);
            events.emit(new Event.SecurityNoticed(false, described(trustChanged, ownChanged, identity())));
        } else if (!current.ended.equals(trust.value.ended(time.instant()))) {
            current = next(current.number); // so that connections are identified again
        }
    }

    private Generation next(long number) throws CertificateException {
        TlsContext tls = TlsContext.of(policy, own.value, trust.value, time);
        return new Generation(number + 1, tls, trust.value.ended(time.instant()));
    }

    /** Refuses a new certificate that the authorities do not accept, if they accept the one before. */
    private void checkAccepted(Optional<OwnCertificate> replaced) throws CertificateException {
        Optional<String> refusal =
                TlsContext.of(policy, replaced, trust.value, time).refusal();
        if (refusal.isPresent()
                && TlsContext.of(policy, own.value, trust.value, time).refusal().isEmpty()) {
            throw new CertificateException("its own authorities do not accept the new certificate: " + refusal.get());
        }
    }

    private static String described(boolean trust, boolean own, PeerIdentity identity) {
        String trusted = trust ? "the trusted authorities or their lists of revoked certificates have changed" : "";
        return own
                ? "the certificate of this process has changed: " + String.join(", ", identity.names()) + " until "
                        + identity.expiresAt() + (trust ? "; " + trusted : "")
                : trusted;
    }

    /** Emits an event for each problem that is new. */
    private void report() {
        List<String> now = findProblems(time.instant());
        for (String problem : now) {
            if (!problems.contains(problem)) {
                events.emit(new Event.SecurityNoticed(true, problem));
            }
        }
        problems = now;
    }

    private List<String> findProblems(Instant now) {
        var found = new ArrayList<String>();
        TlsContext tls = current.tls;
        tls.own().ifPresent(certificate -> {
            Instant from = certificate.leaf().getNotBefore().toInstant();
            Instant to = tls.identity().expiresAt();
            if (!now.isBefore(to)) {
                found.add("the certificate of this process expired at " + to);
            } else if (Duration.between(now, to)
                            .compareTo(Duration.between(from, to).dividedBy(3))
                    < 0) {
                found.add("the certificate of this process expires at " + to + ", and is not renewed yet");
            }
        });
        tls.refusal().ifPresent(why -> found.add("its own authorities do not accept the certificate: " + why));
        found.addAll(current.ended);
        Stream.of(own.refused, trust.refused).filter(why -> !why.isEmpty()).forEach(found::add);
        return found.stream()
                .map(problem -> PrintableText.line(Secrets.mask(problem), MESSAGE_LENGTH_MAX))
                .toList();
    }

    /**
     * Returns whether the certificates are right: critical if the own one has expired; a warning if less than a third
     * of its life is left, if a list of revoked certificates has ended, or if new files are wrong.
     */
    @Override
    public ServiceHealth health() {
        Instant now = time.instant();
        boolean expired = !now.isBefore(identity().expiresAt());
        List<String> wrong = problems;
        Status status = expired ? Status.CRITICAL : wrong.isEmpty() ? Status.PASSING : Status.WARNING;
        return new ServiceHealth(status, String.join("; ", wrong), now, Map.of());
    }

    /** Returns the identity of this process; {@link PeerIdentity#NONE} if it has no certificate. */
    public PeerIdentity identity() {
        return current.tls.identity();
    }

    @Override
    public long generation() {
        return current.number;
    }

    @Override
    public SSLEngine serverEngine() {
        return current.tls.serverEngine();
    }

    @Override
    public SSLEngine clientEngine(String host, int port) {
        return current.tls.clientEngine(host, port);
    }

    @Override
    public PeerIdentity identify(SSLSession session) throws CertificateException {
        Certificate[] chain;
        try {
            chain = session.getPeerCertificates();
        } catch (SSLPeerUnverifiedException _) {
            return PeerIdentity.NONE;
        }
        List<X509Certificate> certificates =
                Arrays.stream(chain).map(X509Certificate.class::cast).toList();
        return current.tls.validator().identify(certificates, time.instant());
    }

    @Override
    public void checkServes(PeerIdentity server, ServiceName service) throws CertificateException {
        if (server.name().isEmpty()) {
            throw new CertificateException("the server has no certificate");
        }
        if (!mayServe.test(server.name(), service)) {
            throw new CertificateException(
                    PrintableText.line(server.name(), MESSAGE_LENGTH_MAX) + " may not serve " + service);
        }
    }

    /** Ends the watch. Connections and engines stay usable. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }

    /** A part of what the files say: the last one that was right. */
    private static final class Part<T> {
        private final List<Path> files;
        private final Reader<T> reader;
        private T value;
        private String digest; // of the files whose content is in force
        private String failed = ""; // of those that were last refused
        private String refused = ""; // why they are refused, once they have not changed for a while

        /** Makes a part of the contents of its files. */
        private interface Reader<T> {
            T read(FileContents contents) throws CertificateException;
        }

        /** Refuses a part that is right in itself. */
        private interface Check<T> {
            void check(T replaced) throws CertificateException;
        }

        Part(List<Path> files, Reader<T> reader) throws CertificateException {
            this.files = files;
            this.reader = reader;
            FileContents contents = FileContents.read(files);
            this.value = reader.read(contents);
            this.digest = contents.digest();
        }

        /** Returns whether another one is in force now. */
        boolean update(Check<T> check) {
            FileContents contents = FileContents.read(files);
            String now = contents.digest();
            if (now.equals(digest)) {
                refused = "";
                return false;
            }
            try {
                T replaced = reader.read(contents);
                check.check(replaced);
                value = replaced;
                digest = now;
                refused = "";
                return true;
            } catch (CertificateException e) {
                if (now.equals(failed)) { // not in the middle of a change
                    refused = "files were not used, and those before stay in force: " + e.getMessage();
                }
                failed = now;
                return false;
            }
        }
    }
}
