package dev.treaty.security.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.certificates.IssuedCertificate;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.time.ManualTime;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Peers with wrong certificates, as clients of a server and as servers of a client: none may be accepted. */
class PeerAttackTest {
    private static final CertificateRequest ORDERS = CertificateRequest.of("shop.Orders");

    @TempDir
    Path directory;

    private final ManualTime time = new ManualTime();
    private final Instant now = time.instant();

    private CertificateAuthority authority;
    private Watched own;

    @BeforeEach
    void start() throws Exception {
        authority = CertificateAuthority.create(directory, "shop.example", time);
        authority.write(CertificateRequest.of("shop.Checkout"));
        own = new Watched(TlsPolicy.of(CertificateFiles.development(directory, "shop.Checkout")), time);
    }

    @AfterEach
    void close() {
        own.close();
    }

    @Test
    void a_valid_peer_is_identified() throws Exception {
        PeerIdentity peer = accepted(new Attacker(authority.issue(ORDERS)));
        assertThat(peer.names()).containsExactly("spiffe://shop.example/shop.Orders");
        assertThat(peer.name()).isEqualTo("shop.Orders");
        assertThat(peer.expiresAt()).isEqualTo(now.plus(Duration.ofHours(24)));
    }

    @Test
    void a_client_without_a_certificate_is_anonymous_and_such_a_server_impossible() throws Exception {
        var none = new Attacker(authority.issue(ORDERS).key());
        Handshake done = Handshake.complete(none.client(), own.security().serverEngine());
        assertThat(own.security().identify(done.ofServer())).isEqualTo(PeerIdentity.NONE);
        assertThatThrownBy(() -> Handshake.complete(own.security().clientEngine("localhost", 1), none.server()))
                .isInstanceOf(SSLException.class);
    }

    @Test
    void an_expired_certificate_is_refused() throws Exception {
        refused(ORDERS.withValidFrom(now.minus(Duration.ofDays(2))).withLifetime(Duration.ofDays(1)), "expired at");
    }

    @Test
    void a_certificate_of_the_future_is_refused() throws Exception {
        refused(ORDERS.withValidFrom(now.plus(Duration.ofHours(1))), "is not valid before");
    }

    @Test
    void a_certificate_of_an_unknown_authority_is_refused() throws Exception {
        var other = CertificateAuthority.inMemory("shop.example", time);
        refused(new Attacker(other.issue(ORDERS)), "no trusted authority");
    }

    @Test
    void a_certificate_of_an_authority_with_the_same_names_is_refused() throws Exception {
        Path copy = directory.resolve("copy");
        var other = CertificateAuthority.create(copy, "shop.example", time);
        IssuedCertificate forged = other.issue(ORDERS);
        refused(new Attacker(forged.key(), forged.certificate(), authority.certificate()), "no trusted authority");
    }

    @Test
    void a_self_signed_certificate_is_refused() throws Exception {
        var self = CertificateAuthority.create(directory.resolve("self"), "shop.example", time);
        Path key = directory.resolve("self/ca.key");
        Path certificate = directory.resolve("self/ca.pem");
        var files = CertificateFiles.pem(certificate, key, certificate);
        var read = OwnCertificate.read(files, FileContents.read(files.ofOwn())).orElseThrow();
        refused(new Attacker(read.key(), self.certificate()), "no trusted authority");
    }

    @Test
    void an_id_of_another_trust_domain_is_refused_even_if_its_authority_is_trusted() throws Exception {
        var other = CertificateAuthority.inMemory("bank.example", time);
        Files.writeString(directory.resolve("ca.pem"), authority.pem() + other.pem());
        Files.writeString(directory.resolve("ca.crl"), authority.revocationsPem() + other.revocationsPem());
        own.compare(1);
        assertThat(own.security().generation()).isEqualTo(2);
        refused(new Attacker(other.issue(ORDERS)), "of the trust domain bank.example, not of shop.example");
        refused(new Attacker(other.issue(ORDERS.withUris("spiffe://shop.example/shop.Orders"))), "may not issue names");
    }

    @Test
    void an_id_outside_the_name_constraints_of_the_authority_is_refused() throws Exception {
        refused(ORDERS.withUris("spiffe://bank.example/shop.Orders"), "may not issue names");
    }

    @Test
    void a_certificate_with_two_uris_is_refused() throws Exception {
        refused(ORDERS.withUris("spiffe://shop.example/shop.Orders", "spiffe://shop.example/shop.Payments"), "2 URIs");
        refused(ORDERS.withUris("https://shop.example/", "spiffe://shop.example/shop.Orders"), "2 URIs");
    }

    @Test
    void a_malformed_id_is_refused() throws Exception {
        for (String id : List.of(
                "spiffe://shop.example",
                "spiffe://shop.example/",
                "spiffe://shop.example/shop.Orders/",
                "spiffe://shop.example//shop.Orders",
                "spiffe://shop.example/a/../shop.Orders",
                "spiffe://shop.example/./shop.Orders",
                "spiffe://shop.example/shop%2eOrders",
                "spiffe://shop.example/shop.Orders?x=1",
                "spiffe://shop.example/shop.Orders#x",
                "spiffe://user@shop.example/shop.Orders",
                "spiffe://shop.example:443/shop.Orders",
                "SPIFFE://shop.example/shop.Orders",
                "spiffe://shop.example/" + "a".repeat(2_100))) {
            refused(ORDERS.withUris(id), "");
        }
    }

    @Test
    void a_certificate_of_an_authority_is_refused_as_a_peer() throws Exception {
        refused(ORDERS.asAuthority(), "one of an authority");
    }

    @Test
    void an_authority_below_one_that_may_have_none_is_refused() throws Exception {
        IssuedCertificate middle =
                authority.issue(CertificateRequest.of("middle").asAuthority());
        IssuedCertificate leaf = CertificateAuthority.below(middle, time).issue(ORDERS);
        refused(new Attacker(leaf.key(), leaf.certificate(), middle.certificate()), "");
    }

    @Test
    @Timeout(20)
    void a_chain_of_authorities_that_sign_each_other_is_refused_soon() throws Exception {
        IssuedCertificate first =
                authority.issue(CertificateRequest.of("middle").asAuthority());
        var keys = new KeyPair(first.certificate().getPublicKey(), first.key());
        CertificateRequest again = CertificateRequest.of("middle").asAuthority().withKeys(keys);
        var chain = new ArrayList<X509Certificate>();
        var middle = CertificateAuthority.below(first, time);
        IssuedCertificate leaf = middle.issue(ORDERS);
        chain.add(leaf.certificate());
        for (int i = 0; i < 7; i++) {
            time.advance(Duration.ofSeconds(1)); // so that all are different
            chain.add(middle.issue(again).certificate());
        }
        assertThat(chain).doesNotHaveDuplicates();
        refused(new Attacker(leaf.key(), chain.toArray(X509Certificate[]::new)), "");
    }

    @Test
    void a_service_cannot_issue_certificates() throws Exception {
        IssuedCertificate service = authority.issue(CertificateRequest.of("shop.Payments"));
        IssuedCertificate leaf = CertificateAuthority.below(service, time).issue(ORDERS);
        refused(new Attacker(leaf.key(), leaf.certificate(), service.certificate()), "no trusted authority");
    }

    @Test
    void a_certificate_without_its_key_is_refused() throws Exception {
        IssuedCertificate stolen = authority.issue(ORDERS);
        IssuedCertificate other = authority.issue(CertificateRequest.of("shop.Payments"));
        refused(new Attacker(other.key(), stolen.certificate()), "");
    }

    @Test
    void a_revoked_certificate_is_refused_on_new_and_on_open_connections() throws Exception {
        IssuedCertificate issued = authority.issue(ORDERS);
        var peer = new Attacker(issued);
        SSLEngine client = peer.client();
        SSLSession open =
                Handshake.complete(client, own.security().serverEngine()).ofServer();
        assertThat(own.security().identify(open).name()).isEqualTo("shop.Orders");
        long before = own.security().generation();

        authority.revoke(issued.certificate().getSerialNumber());
        own.compare(1);

        assertThat(own.security().generation()).isGreaterThan(before);
        assertThatThrownBy(() -> own.security().identify(open)).hasMessageContaining("is revoked");
        refused(peer, "is revoked");
        accepted(new Attacker(authority.issue(ORDERS)));
    }

    @Test
    void a_resumed_session_is_identified_anew() throws Exception {
        var peer = new Attacker(authority.issue(ORDERS.withLifetime(Duration.ofMinutes(10))));
        SSLSession first =
                Handshake.complete(peer.client(), own.security().serverEngine()).ofClient();
        first.putValue("seen", "before");
        time.advance(Duration.ofMinutes(11));
        Handshake second = Handshake.complete(peer.client(), own.security().serverEngine());
        assertThat(second.ofClient().getValue("seen")).as("resumed").isEqualTo("before");
        assertThatThrownBy(() -> own.security().identify(second.ofServer())).hasMessageContaining("expired at");
    }

    @Test
    void peers_are_refused_once_the_list_of_revoked_certificates_has_ended() throws Exception {
        var peer = new Attacker(authority.issue(ORDERS.withLifetime(Duration.ofDays(200))));
        SSLSession open =
                Handshake.complete(peer.client(), own.security().serverEngine()).ofServer();
        time.advance(CertificateAuthority.REVOCATIONS_LIFETIME);
        own.compare(1);
        assertThat(own.security().generation()).isEqualTo(2);
        assertThatThrownBy(() -> own.security().identify(open))
                .hasMessageContaining("the list of revoked certificates of")
                .hasMessageContaining("ended at");
        assertThat(own.problems()).anyMatch(problem -> problem.contains("the list of revoked certificates of"));
        authority.refreshRevocations();
        own.compare(1);
        assertThat(own.security().identify(open).name()).isEqualTo("shop.Orders");
    }

    @Test
    void a_server_of_another_service_is_refused() throws Exception {
        PeerIdentity orders = accepted(new Attacker(authority.issue(ORDERS)));
        own.security().checkServes(orders, new ServiceName("shop.Orders"));
        assertThatThrownBy(() -> own.security().checkServes(orders, new ServiceName("shop.Payments")))
                .isInstanceOf(CertificateException.class)
                .hasMessage("shop.Orders may not serve shop.Payments");
        assertThatThrownBy(() -> own.security().checkServes(PeerIdentity.NONE, new ServiceName("shop.Orders")))
                .isInstanceOf(CertificateException.class);
    }

    @Test
    void a_peer_with_dns_names_only_has_the_first_as_its_name() throws Exception {
        var peer = ORDERS.withUris("https://orders.example/").withDnsNames(List.of("*.example", "Orders.Example", "b"));
        assertThatThrownBy(() -> accepted(new Attacker(authority.issue(peer))))
                .as("the authority may issue URIs of its domain only")
                .isInstanceOf(SSLException.class);
        PeerIdentity identity = accepted(new Attacker(authority.issue(peer.withUris("https://shop.example/"))));
        assertThat(identity.names()).containsExactly("orders.example", "b");
        assertThat(identity.name()).isEqualTo("orders.example");
    }

    @Test
    void a_certificate_without_names_is_refused() throws Exception {
        refused(
                ORDERS.withUris("https://shop.example/").withDnsNames(List.of("*.shop.example")),
                "neither a SPIFFE id nor a DNS name");
    }

    @Test
    void keys_of_rsa_and_eddsa_are_accepted() throws Exception {
        for (String algorithm : List.of("RSA", "Ed25519")) {
            var keys = KeyPairGenerator.getInstance(algorithm).generateKeyPair();
            assertThat(accepted(new Attacker(authority.issue(ORDERS.withKeys(keys))))
                            .name())
                    .isEqualTo("shop.Orders");
        }
    }

    @Test
    void a_key_of_1024_bits_is_refused() throws Exception {
        var generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1_024);
        refused(ORDERS.withKeys(generator.generateKeyPair()), "");
    }

    @Test
    void tls_1_2_is_refused_unless_it_is_chosen() throws Exception {
        var peer = new Attacker(authority.issue(ORDERS));
        assertThatThrownBy(() -> Handshake.complete(
                        peer.client("TLSv1.2"), own.security().serverEngine()))
                .isInstanceOf(SSLException.class);
        var policy = new TlsPolicy(CertificateFiles.development(directory, "shop.Checkout"), Optional.empty(), true);
        try (var older = new Watched(policy, time)) {
            Handshake done =
                    Handshake.complete(peer.client("TLSv1.2"), older.security().serverEngine());
            assertThat(done.ofServer().getProtocol()).isEqualTo("TLSv1.2");
            assertThat(done.ofServer().getCipherSuite()).matches("TLS_ECDHE_.*_GCM_.*");
            assertThat(older.security().identify(done.ofServer()).name()).isEqualTo("shop.Orders");
            assertThatThrownBy(done::renegotiate).isInstanceOf(SSLException.class);
        }
    }

    @Test
    void older_versions_and_plaintext_are_refused() throws Exception {
        var policy = new TlsPolicy(CertificateFiles.development(directory, "shop.Checkout"), Optional.empty(), true);
        try (var older = new Watched(policy, time)) {
            for (byte[] hello : List.of(
                    clientHello(3, 0),
                    clientHello(3, 1),
                    clientHello(3, 2),
                    "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII))) {
                assertThatThrownBy(() -> receive(older.security().serverEngine(), hello))
                        .isInstanceOf(SSLException.class);
            }
        }
    }

    private void refused(CertificateRequest request, String why) throws Exception {
        refused(new Attacker(authority.issue(request)), why);
    }

    /** Checks that a peer is refused as a client and as a server. */
    private void refused(Attacker peer, String why) {
        assertThatThrownBy(
                        () -> Handshake.complete(peer.client(), own.security().serverEngine()))
                .as("as a client")
                .isInstanceOf(SSLException.class)
                .hasMessageContaining(why);
        assertThatThrownBy(() -> Handshake.complete(own.security().clientEngine("localhost", 7443), peer.server()))
                .as("as a server")
                .isInstanceOf(SSLException.class)
                .hasMessageContaining(why);
    }

    private PeerIdentity accepted(Attacker peer) throws Exception {
        Handshake asClient = Handshake.complete(peer.client(), own.security().serverEngine());
        Handshake asServer = Handshake.complete(own.security().clientEngine("localhost", 7443), peer.server());
        PeerIdentity identity = own.security().identify(asClient.ofServer());
        assertThat(own.security().identify(asServer.ofClient())).isEqualTo(identity);
        return identity;
    }

    private static void receive(SSLEngine engine, byte[] bytes) throws SSLException {
        engine.beginHandshake();
        engine.unwrap(ByteBuffer.wrap(bytes), ByteBuffer.allocate(1 << 16));
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
        engine.wrap(ByteBuffer.allocate(0), ByteBuffer.allocate(1 << 16));
    }

    /** Returns what a client sends that knows no later version than this. */
    private static byte[] clientHello(int major, int minor) {
        var body = new ArrayList<Integer>(List.of(major, minor));
        for (int i = 0; i < 32; i++) {
            body.add(i); // the client's random bytes
        }
        body.addAll(List.of(0, 0, 4, 0xc0, 0x2f, 0x00, 0x2f, 1, 0)); // no session, two suites, no compression
        int length = body.size();
        var bytes = new ArrayList<>(List.of(22, major, minor, 0, length + 4, 1, 0, 0, length));
        bytes.addAll(body);
        var hello = new byte[bytes.size()];
        for (int i = 0; i < hello.length; i++) {
            hello[i] = bytes.get(i).byteValue();
        }
        return hello;
    }
}
