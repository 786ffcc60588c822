package dev.treaty.security.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.certificates.IssuedCertificate;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.time.ManualTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTransportSecurityTest {
    private static final CertificateRequest ORDERS = CertificateRequest.of("shop.Orders");

    @TempDir
    Path directory;

    private final ManualTime time = new ManualTime();
    private CertificateAuthority authority;

    @BeforeEach
    void create() throws Exception {
        authority = CertificateAuthority.create(directory.resolve("authority"), "shop.example", time);
    }

    @Test
    void both_sides_identify_each_other() throws Exception {
        authority.write(ORDERS);
        authority.write(CertificateRequest.of("shop.Checkout"));
        try (var server = development("shop.Orders");
                var client = development("shop.Checkout")) {
            Handshake done = Handshake.complete(client.security(), server.security());
            assertThat(done.ofClient().getProtocol()).isEqualTo("TLSv1.3");
            assertThat(server.security().identify(done.ofServer()).name()).isEqualTo("shop.Checkout");
            assertThat(client.security().identify(done.ofClient()).names())
                    .containsExactly("spiffe://shop.example/shop.Orders");
            assertThat(server.security().identity().name()).isEqualTo("shop.Orders");
            assertThat(server.security().health().status()).isEqualTo(Status.PASSING);
        }
    }

    @Test
    void a_client_needs_no_certificate() throws Exception {
        authority.write(ORDERS);
        var trusting = TlsPolicy.of(CertificateFiles.trusting(directory.resolve("authority/ca.pem")));
        try (var server = development("shop.Orders");
                var client = new Watched(trusting, time)) {
            assertThatThrownBy(() -> Handshake.complete(client.security(), server.security()))
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("this process has no trust domain");
        }
        var domain = new TlsPolicy(trusting.files(), Optional.of("shop.example"), false);
        try (var server = development("shop.Orders");
                var client = new Watched(domain, time)) {
            Handshake done = Handshake.complete(client.security(), server.security());
            assertThat(client.security().identify(done.ofClient()).name()).isEqualTo("shop.Orders");
            assertThat(server.security().identify(done.ofServer())).isEqualTo(PeerIdentity.NONE);
            assertThatThrownBy(client.security()::serverEngine).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void files_of_cert_manager_and_of_spiffe_helper_are_recognized() throws Exception {
        IssuedCertificate issued = authority.issue(ORDERS);
        Path secret = Files.createDirectory(directory.resolve("secret"));
        issued.write(secret.resolve("tls.crt"), secret.resolve("tls.key"));
        Files.writeString(secret.resolve("ca.crt"), authority.pem());
        Path svid = Files.createDirectory(directory.resolve("svid"));
        issued.write(svid.resolve("svid.pem"), svid.resolve("svid_key.pem"));
        Files.writeString(svid.resolve("svid_bundle.pem"), authority.pem());
        authority.write(ORDERS);
        for (Path each : List.of(secret, svid, directory.resolve("authority"))) {
            assertServes(CertificateFiles.of(each, "shop.Orders"));
        }
    }

    @Test
    void pkcs12_is_opened_with_the_password_in_a_file() throws Exception {
        Path store = directory.resolve("orders.p12");
        Path password = Files.writeString(directory.resolve("password"), "correct horse\n");
        authority.issue(ORDERS).writePkcs12(store, "correct horse".toCharArray());
        Path trusted = directory.resolve("authority/ca.pem");
        assertServes(CertificateFiles.pkcs12(store, password, trusted));
        Files.writeString(password, "wrong");
        assertRefused(
                CertificateFiles.pkcs12(store, password, trusted),
                store + " cannot be opened with its password, or is not PKCS#12");
    }

    @Test
    void files_that_are_wrong_are_refused_at_the_start_with_the_reason() throws Exception {
        Path files = directory.resolve("authority");
        Path certificate = files.resolve("shop.Orders.pem");
        Path key = files.resolve("shop.Orders.key");
        CertificateFiles own = CertificateFiles.development(files, "shop.Orders");
        assertRefused(own, certificate + " does not exist");
        authority.write(ORDERS);
        String right = Files.readString(key);
        Files.writeString(key, right.replace("PRIVATE KEY", "EC PRIVATE KEY"));
        assertRefused(own, "openssl pkcs8 -topk8 -nocrypt -in " + key);
        Files.writeString(key, right.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
        assertRefused(own, "openssl pkcs8 -topk8 -nocrypt -in " + key);
        Files.writeString(key, right.substring(0, right.length() / 2));
        assertRefused(own, key + " is cut off");
        Files.writeString(key, "-----BEGIN PRIVATE KEY-----\n%%%\n-----END PRIVATE KEY-----");
        assertRefused(own, key + " is damaged");
        Files.writeString(key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
        assertRefused(own, "neither EC nor RSA nor EdDSA");
        Files.writeString(key, "");
        assertRefused(own, key + " has no key in PEM");
        Files.writeString(key, authority.issue(ORDERS).keyPem());
        assertRefused(own, "the key does not fit the certificate " + certificate);
        Files.writeString(key, right);
        assertRefused(
                new CertificateFiles(own.certificate(), own.key(), Optional.empty(), List.of(certificate), List.of()),
                "is not one of an authority");
        assertRefused(own.withRevocations(List.of(certificate)), "is not a list of revoked certificates");
        authority.write(ORDERS.withLifetime(Duration.ofSeconds(1)));
        time.advance(Duration.ofSeconds(2));
        assertRefused(own, "expired at");
    }

    @Test
    void a_certificate_of_another_key_is_not_used_until_its_key_is_there() throws Exception {
        authority.write(ORDERS);
        try (var server = development("shop.Orders")) {
            IssuedCertificate next = authority.issue(ORDERS.withLifetime(Duration.ofDays(2)));
            PeerIdentity before = server.security().identity();
            Files.writeString(directory.resolve("authority/shop.Orders.key"), next.keyPem());
            server.compare(1);
            assertThat(server.problems()).as("a change may be under way").isEmpty();
            server.compare(1);
            assertThat(server.problems()).singleElement().asString().contains("the key does not fit");
            assertThat(server.security().health().status()).isEqualTo(Status.WARNING);
            assertThat(server.security().identity()).isEqualTo(before);
            assertThat(server.security().generation()).isEqualTo(1);
            Handshake.complete(
                    new Attacker(authority.issue(ORDERS)).client(),
                    server.security().serverEngine());

            next.write(directory.resolve("authority"));
            server.compare(1);
            assertThat(server.security().generation()).isEqualTo(2);
            assertThat(server.security().identity().expiresAt())
                    .isEqualTo(before.expiresAt().plus(Duration.ofHours(24)));
            assertThat(server.security().health().status()).isEqualTo(Status.PASSING);
        }
    }

    @Test
    void a_revocation_counts_even_if_the_own_files_are_wrong_meanwhile() throws Exception {
        authority.write(ORDERS);
        IssuedCertificate stolen = authority.issue(CertificateRequest.of("shop.Checkout"));
        try (var server = development("shop.Orders")) {
            SSLSession open = Handshake.complete(
                            new Attacker(stolen).client(), server.security().serverEngine())
                    .ofServer();
            Files.delete(directory.resolve("authority/shop.Orders.key"));
            authority.revoke(stolen.certificate().getSerialNumber());
            server.compare(1);
            assertThatThrownBy(() -> server.security().identify(open)).hasMessageContaining("is revoked");
        }
    }

    @Test
    void damaged_authorities_or_lists_leave_those_before_in_force() throws Exception {
        authority.write(ORDERS);
        try (var server = development("shop.Orders")) {
            var stranger = CertificateAuthority.inMemory("shop.example", time);
            for (String file : List.of("ca.pem", "ca.crl")) {
                Path path = directory.resolve("authority").resolve(file);
                String right = Files.readString(path);
                for (String wrong : List.of(
                        "",
                        "-----BEGIN CERTIFICATE-----\nAAAA",
                        stranger.issue("x").pem())) {
                    Files.writeString(path, wrong);
                    server.compare(2);
                    assertThat(server.security().health().status()).isEqualTo(Status.WARNING);
                    assertThat(server.security().generation()).isEqualTo(1);
                    assertThatThrownBy(() -> Handshake.complete(
                                    new Attacker(stranger.issue(ORDERS)).client(),
                                    server.security().serverEngine()))
                            .isInstanceOf(SSLException.class);
                    Handshake.complete(
                            new Attacker(authority.issue(ORDERS)).client(),
                            server.security().serverEngine());
                }
                Files.writeString(path, right);
                server.compare(1);
                assertThat(server.security().health().status()).isEqualTo(Status.PASSING);
            }
        }
    }

    @Test
    void a_certificate_that_the_authorities_do_not_accept_does_not_replace_one_that_they_accept() throws Exception {
        authority.write(ORDERS);
        try (var server = development("shop.Orders")) {
            CertificateAuthority.inMemory("shop.example", time).issue(ORDERS).write(directory.resolve("authority"));
            server.compare(2);
            assertThat(server.security().generation()).isEqualTo(1);
            assertThat(server.problems()).singleElement().asString().contains("do not accept the new certificate");
        }
    }

    @Test
    void an_authority_that_is_no_longer_trusted_is_refused_on_open_connections() throws Exception {
        authority.write(ORDERS);
        try (var server = development("shop.Orders")) {
            SSLSession open = Handshake.complete(
                            new Attacker(authority.issue("shop.Checkout")).client(),
                            server.security().serverEngine())
                    .ofServer();
            var next = CertificateAuthority.inMemory("shop.example", time);
            Files.writeString(directory.resolve("authority/ca.pem"), next.pem());
            Files.writeString(directory.resolve("authority/ca.crl"), next.revocationsPem());
            server.compare(1);
            assertThat(server.security().generation()).isEqualTo(2);
            assertThatThrownBy(() -> server.security().identify(open)).hasMessageContaining("no trusted authority");
            assertThat(server.problems()).singleElement().asString().contains("do not accept the certificate");
        }
    }

    @Test
    void a_certificate_that_is_not_renewed_in_time_is_a_warning_and_then_critical() throws Exception {
        authority.write(ORDERS);
        try (var server = development("shop.Orders")) {
            time.advance(Duration.ofHours(15));
            server.compare(1);
            assertThat(server.security().health().status()).isEqualTo(Status.PASSING);
            time.advance(Duration.ofHours(2));
            server.compare(1);
            assertThat(server.security().health().status()).isEqualTo(Status.WARNING);
            assertThat(server.security().health().message())
                    .isEqualTo(
                            "the certificate of this process expires at 2026-01-02T00:00:00Z, and is not renewed yet");
            time.advance(Duration.ofHours(8));
            server.compare(1);
            assertThat(server.security().health().status()).isEqualTo(Status.CRITICAL);
            assertThat(server.problems()).hasSize(2);
            authority.renew("shop.Orders");
            server.compare(1);
            assertThat(server.security().health().status()).isEqualTo(Status.PASSING);
        }
    }

    @Test
    void a_secret_of_kubernetes_is_replaced_by_a_symbolic_link() throws Exception {
        Path secret = Files.createDirectory(directory.resolve("secret"));
        version(secret, "v1");
        Files.createSymbolicLink(secret.resolve("..data"), Path.of("v1"));
        for (String file : List.of("tls.crt", "tls.key", "ca.crt")) {
            Files.createSymbolicLink(secret.resolve(file), Path.of("..data", file));
        }
        try (var server = new Watched(TlsPolicy.of(CertificateFiles.certManager(secret)), time)) {
            version(secret, "v2");
            Files.createSymbolicLink(secret.resolve("..data_tmp"), Path.of("v2"));
            Files.move(secret.resolve("..data_tmp"), secret.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
            server.compare(1);
            assertThat(server.security().generation()).isEqualTo(2);
            assertThat(server.problems()).isEmpty();
        }
    }

    @Test
    void no_handshake_of_a_thousand_fails_while_certificates_and_authorities_change() throws Exception {
        authority.write(ORDERS);
        authority.write(CertificateRequest.of("shop.Checkout"));
        Path files = directory.resolve("authority");
        try (var server = development("shop.Orders");
                var client = development("shop.Checkout")) {
            for (int i = 0; i < 1_000; i++) {
                SSLEngine accepted = server.security().serverEngine();
                SSLEngine connecting = client.security().clientEngine("localhost", 7443);
                IssuedCertificate next = authority.issue(ORDERS);
                switch (i % 40) {
                    case 0 -> Files.writeString(files.resolve("shop.Orders.key"), next.keyPem());
                    case 10 -> next.write(files);
                    case 20 -> authority.renew("shop.Checkout");
                    case 30 -> authority.revoke(next.certificate().getSerialNumber());
                    default -> {
                        // nothing changes
                    }
                }
                if (i % 10 == 0) {
                    Watched.compare(time, 2, 1);
                }
                Handshake done = Handshake.complete(connecting, accepted);
                assertThat(server.security().identify(done.ofServer()).name()).isEqualTo("shop.Checkout");
                assertThat(client.security().identify(done.ofClient()).name()).isEqualTo("shop.Orders");
            }
            assertThat(server.security().generation()).isGreaterThan(40);
        }
    }

    @Test
    void rsa_and_eddsa_keys_are_read() throws Exception {
        for (String algorithm : List.of("RSA", "Ed25519", "Ed448")) {
            var keys = KeyPairGenerator.getInstance(algorithm).generateKeyPair();
            authority.write(ORDERS.withKeys(keys));
            try (var server = development("shop.Orders")) {
                assertThat(server.security().identity().name()).isEqualTo("shop.Orders");
            }
        }
    }

    private void version(Path secret, String name) throws IOException {
        Path version = Files.createDirectory(secret.resolve(name));
        authority.issue(ORDERS).write(version.resolve("tls.crt"), version.resolve("tls.key"));
        Files.writeString(version.resolve("ca.crt"), authority.pem());
    }

    private Watched development(String name) throws CertificateException {
        return new Watched(TlsPolicy.of(CertificateFiles.development(directory.resolve("authority"), name)), time);
    }

    private void assertServes(CertificateFiles files) throws Exception {
        try (var server = new Watched(TlsPolicy.of(files), time)) {
            var client = new Attacker(authority.issue("shop.Checkout"));
            Handshake done =
                    Handshake.complete(client.client(), server.security().serverEngine());
            assertThat(server.security().identify(done.ofServer()).name()).isEqualTo("shop.Checkout");
        }
    }

    private void assertRefused(CertificateFiles files, String why) {
        assertThatThrownBy(() -> new Watched(TlsPolicy.of(files), time))
                .isInstanceOf(CertificateException.class)
                .hasMessageContaining(why);
    }
}
