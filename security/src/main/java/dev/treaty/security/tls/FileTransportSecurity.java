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
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * The TLS of a process by certificates in files, on the JDK's provider.
 *
 * <p>The files are compared every {@link #COMPARED_SECONDS} seconds. New ones are used together, once they are right: the
 * key fits the certificate, all files can be read, the certificate is valid and states an identity, and it is accepted
 * by the trusted authorities if the one before was. Until then those before stay in force. {@link #health} and an
 * {@linkplain Event.CertificatesChanged event} say what is wrong. So a certificate and its key may be replaced one after
 * the other, or by a symbolic link as Kubernetes does.
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
    private volatile Generation current;
    private volatile List<String> problems = List.of(); // as reported; replaced by the thread
    private volatile boolean closed;

    // Of the thread, after the start:
    private String failed = ""; // the digest of the files that were last refused
    private String refused = ""; // why they are refused, once they have not changed for a while

    /** What is in force: the number, the TLS, the digest of the files, the lists that have ended. */
    private record Generation(long number, TlsContext tls, String digest, List<String> ended) {}

    private FileTransportSecurity(
            TlsPolicy policy,
            BiPredicate<String, ServiceName> mayServe,
            Events events,
            Time time,
            FileContents contents)
            throws CertificateException {
        this.policy = policy;
        this.mayServe = mayServe;
        this.events = events.harmless();
        this.time = time;
        TlsContext tls = TlsContext.of(policy, contents, time);
        List<String> ended = tls.validator().trust().ended(time.instant());
        this.current = new Generation(1, tls, contents.digest(), ended);
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
        var security = new FileTransportSecurity(policy, mayServe, events, time, FileContents.read(policy.files()));
        security.report();
        security.thread.start();
        return security;
    }

    private void run() throws InterruptedException {
        while (!closed) {
            time.sleep(TimeUnit.SECONDS.toNanos(COMPARED_SECONDS));
            compare();
            report();
        }
    }

    private void compare() {
        FileContents contents = FileContents.read(policy.files());
        String digest = contents.digest();
        if (digest.equals(current.digest)) {
            refused = "";
            recheckLists();
            return;
        }
        try {
            TlsContext next = TlsContext.of(policy, contents, time);
            if (current.tls.refusal().isEmpty() && next.refusal().isPresent()) {
                throw new CertificateException("its own authorities do not accept the new certificate: "
                        + next.refusal().get());
            }
            List<String> ended = next.validator().trust().ended(time.instant());
            current = new Generation(current.number + 1, next, digest, ended);
            refused = "";
            events.emit(new Event.CertificatesChanged(current.number, false, described(next)));
        } catch (CertificateException e) {
            if (digest.equals(failed)) { // not in the middle of a change
                refused = "the certificates that were in force before stay, because " + e.getMessage();
            }
            failed = digest;
            recheckLists();
        }
    }

    /** Begins a generation when a list of revoked certificates ends, so that connections are identified again. */
    private void recheckLists() {
        List<String> ended = current.tls.validator().trust().ended(time.instant());
        if (!ended.equals(current.ended)) {
            current = new Generation(current.number + 1, current.tls, current.digest, ended);
        }
    }

    private static String described(TlsContext tls) {
        PeerIdentity identity = tls.identity();
        return identity.equals(PeerIdentity.NONE)
                ? "the trusted authorities have changed"
                : "the certificates have changed: " + String.join(", ", identity.names()) + " until "
                        + identity.expiresAt();
    }

    /** Emits an event for each problem that is new. */
    private void report() {
        List<String> now = findProblems(time.instant());
        for (String problem : now) {
            if (!problems.contains(problem)) {
                events.emit(new Event.CertificatesChanged(current.number, true, problem));
            }
        }
        problems = now;
    }

    private List<String> findProblems(Instant now) {
        var found = new ArrayList<String>();
        TlsContext tls = current.tls;
        tls.own().ifPresent(own -> {
            Instant from = own.leaf().getNotBefore().toInstant();
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
        if (!refused.isEmpty()) {
            found.add(refused);
        }
        return found.stream()
                .map(problem -> PrintableText.line(Secrets.mask(problem), MESSAGE_LENGTH_MAX))
                .toList();
    }

    /**
     * Returns whether the certificates are right: critical if the own one has expired; a warning if less than a third of
     * its life is left, if a list of revoked certificates has ended, or if new files are wrong.
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
}
