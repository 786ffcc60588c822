package dev.treaty.certificates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {
    private static final CertificateRequest ORDERS = CertificateRequest.of("shop.Orders");

    @TempDir
    Path parent;

    private final ManualTime time = new ManualTime();

    @Test
    void keys_can_be_read_by_their_owner_only() throws Exception {
        Path directory = parent.resolve("a/certs");
        var authority = CertificateAuthority.create(directory, "shop.example", time);
        authority.write(ORDERS);
        authority.issue(ORDERS).writePkcs12(directory.resolve("orders.p12"), "secret".toCharArray());
        assertThat(rights(directory)).isEqualTo("rwx------");
        assertThat(rights(directory.resolve("ca.key"))).isEqualTo("rw-------");
        assertThat(rights(directory.resolve("shop.Orders.key"))).isEqualTo("rw-------");
        assertThat(rights(directory.resolve("orders.p12"))).isEqualTo("rw-------");
        for (String open : List.of("ca.pem", "ca.crl", "shop.Orders.pem")) {
            assertThat(rights(directory.resolve(open))).isEqualTo("rw-r--r--");
        }
        try (var files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            ".gitignore",
                            "ca.crl",
                            "ca.issued",
                            "ca.key",
                            "ca.pem",
                            "orders.p12",
                            "shop.Orders.key",
                            "shop.Orders.pem");
        }
    }

    @Test
    void an_authority_whose_key_others_can_read_is_not_used() throws Exception {
        CertificateAuthority.create(parent, "shop.example", time);
        Files.setPosixFilePermissions(parent.resolve("ca.key"), PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> CertificateAuthority.open(parent, time))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("chmod 600");
    }

    @Test
    void an_authority_is_not_overwritten() throws Exception {
        Path directory = parent.resolve("certs");
        CertificateAuthority.create(directory, "shop.example", time);
        byte[] before = Files.readAllBytes(directory.resolve("ca.key"));
        assertThatThrownBy(() -> CertificateAuthority.create(directory, "shop.example", time))
                .isInstanceOf(FileAlreadyExistsException.class);
        Files.delete(directory.resolve("ca.pem"));
        assertThatThrownBy(() -> CertificateAuthority.create(directory, "shop.example", time))
                .isInstanceOf(FileAlreadyExistsException.class)
                .hasMessageContaining("ca.key");
        assertThat(Files.readAllBytes(directory.resolve("ca.key"))).isEqualTo(before);
    }

    @Test
    void a_certificate_states_its_names_its_uses_and_its_life() throws Exception {
        var authority = CertificateAuthority.inMemory("shop.example", time);
        X509Certificate issued = authority
                .issue(ORDERS.withDnsName("orders.shop.example").withAddress("10.0.0.7"))
                .certificate();
        assertThat(issued.getSubjectAlternativeNames().stream().map(each -> String.valueOf(each.get(1))))
                .containsExactly(
                        "spiffe://shop.example/shop.Orders",
                        "localhost",
                        "orders.shop.example",
                        "127.0.0.1",
                        "0:0:0:0:0:0:0:1",
                        "10.0.0.7");
        assertThat(issued.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        assertThat(issued.getBasicConstraints()).isEqualTo(-1);
        assertThat(issued.getNotBefore().toInstant()).isEqualTo(time.instant().minus(Duration.ofMinutes(1)));
        assertThat(issued.getNotAfter().toInstant()).isEqualTo(time.instant().plus(Duration.ofHours(24)));
        assertThat(issued.getSerialNumber().bitLength()).isGreaterThan(120);
        assertThat(authority.certificate().getBasicConstraints()).isZero();
        assertThat(authority.certificate().getNotAfter().toInstant())
                .isAfter(time.instant().plus(Duration.ofDays(3_650)));
    }

    @Test
    void a_renewed_certificate_has_the_same_names_and_lifetime_and_another_key() throws Exception {
        CertificateAuthority.create(parent, "shop.example", time);
        var authority = CertificateAuthority.open(parent, time);
        X509Certificate before = authority
                .write(ORDERS.withDnsName("orders").withAddress("10.0.0.7").withLifetime(Duration.ofHours(3)))
                .certificate();
        time.advance(Duration.ofHours(2));
        X509Certificate after = authority.renew("shop.Orders").certificate();
        assertThat(List.copyOf(after.getSubjectAlternativeNames()))
                .isEqualTo(List.copyOf(before.getSubjectAlternativeNames()));
        assertThat(after.getNotAfter().toInstant())
                .isEqualTo(before.getNotAfter().toInstant().plus(Duration.ofHours(2)));
        assertThat(after.getPublicKey()).isNotEqualTo(before.getPublicKey());
        assertThat(after.getSerialNumber()).isNotEqualTo(before.getSerialNumber());
        assertThat(authority.names()).containsExactly("shop.Orders");
    }

    @Test
    void what_is_revoked_stays_revoked() throws Exception {
        BigInteger one = CertificateAuthority.create(parent, "shop.example", time)
                .write(ORDERS)
                .certificate()
                .getSerialNumber();
        CertificateAuthority.open(parent, time).revoke("shop.Orders");
        CertificateAuthority.open(parent, time).revoke(BigInteger.TWO);
        time.advance(CertificateAuthority.REVOCATIONS_LIFETIME);
        CertificateAuthority.open(parent, time).refreshRevocations();
        assertThat(CertificateAuthority.open(parent, time).revoked()).containsExactlyInAnyOrder(one, BigInteger.TWO);
        assertThat(Pem.revocations(parent.resolve("ca.crl")).getNextUpdate().toInstant())
                .isEqualTo(time.instant().plus(CertificateAuthority.REVOCATIONS_LIFETIME));
    }

    @Test
    void all_certificates_of_a_name_are_revoked_that_have_not_expired() throws Exception {
        CertificateAuthority authority = CertificateAuthority.create(parent, "shop.example", time);
        var first = authority.write(CertificateRequest.of("shop.Orders"));
        var other = authority.write(CertificateRequest.of("shop.Payments"));
        var second = CertificateAuthority.open(parent, time).renew("shop.Orders");

        authority.revoke("shop.Orders");

        assertThat(authority.revoked())
                .contains(
                        first.certificate().getSerialNumber(),
                        second.certificate().getSerialNumber())
                .doesNotContain(other.certificate().getSerialNumber());
    }

    @Test
    void certificates_of_others_are_neither_renewed_nor_revoked() throws Exception {
        var authority = CertificateAuthority.create(parent, "shop.example", time);
        CertificateAuthority.inMemory("shop.example", time).issue(ORDERS).write(parent);
        assertThatThrownBy(() -> authority.renew("shop.Orders"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("was not issued by this authority");
        assertThatThrownBy(() -> authority.revoke("shop.Orders")).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> authority.write(ORDERS)).isInstanceOf(IOException.class);
        assertThat(authority.names()).isEmpty();
    }

    @Test
    void names_that_leave_the_directory_or_replace_the_authority_are_refused() {
        for (String name : List.of("", "ca", "../x", "a/b", ".hidden", "a b", "a\n", "x".repeat(201))) {
            assertThatIllegalArgumentException().isThrownBy(() -> CertificateRequest.of(name));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> ORDERS.withDnsName("a b"));
        assertThatIllegalArgumentException().isThrownBy(() -> ORDERS.withAddress("example.org"));
        assertThatIllegalArgumentException().isThrownBy(() -> ORDERS.withLifetime(Duration.ZERO));
        for (String domain : List.of("", "Shop", "shop/x", "spiffe://shop", "a b")) {
            assertThatIllegalArgumentException().isThrownBy(() -> CertificateAuthority.inMemory(domain, time));
        }
    }

    @Test
    void text_forms_show_no_key() {
        IssuedCertificate issued =
                CertificateAuthority.inMemory("shop.example", time).issue(ORDERS);
        assertThat(issued.toString())
                .startsWith("IssuedCertificate[shop.Orders, serial number")
                .hasSizeLessThan(120);
    }

    @Test
    void openssl_accepts_what_is_issued_and_refuses_what_is_revoked_or_of_another_domain() throws Exception {
        assumeTrue(run("openssl", "version").exit() == 0, "openssl is not installed");
        var authority = CertificateAuthority.create(parent, "shop.example", Time.system());
        authority.write(ORDERS);
        CertificateRequest foreign = CertificateRequest.of("foreign").withUris("spiffe://bank.example/x");
        authority.write(foreign);
        assertThat(verify("shop.Orders")).isZero();
        assertThat(verify("foreign")).isNotZero();
        assertThat(run("openssl", "pkey", "-noout", "-in", file("shop.Orders.key"))
                        .exit())
                .isZero();
        authority.revoke("shop.Orders");
        Result revoked = run(
                "openssl",
                "verify",
                "-crl_check",
                "-CRLfile",
                file("ca.crl"),
                "-CAfile",
                file("ca.pem"),
                file("shop.Orders.pem"));
        assertThat(revoked.exit()).isNotZero();
        assertThat(revoked.text()).contains("certificate revoked");
    }

    @Test
    void keytool_reads_what_is_issued() throws Exception {
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        assumeTrue(Files.isExecutable(keytool), "this Java has no keytool");
        CertificateAuthority.create(parent, "shop.example", Time.system())
                .issue(ORDERS)
                .writePkcs12(parent.resolve("orders.p12"), "correct horse".toCharArray());
        Result listed = run(
                keytool.toString(),
                "-J-Duser.language=en",
                "-list",
                "-v",
                "-storepass",
                "correct horse",
                "-keystore",
                file("orders.p12"));
        assertThat(listed.text()).contains("PrivateKeyEntry", "spiffe://shop.example/shop.Orders");
    }

    private int verify(String name) throws Exception {
        return run(
                        "openssl",
                        "verify",
                        "-x509_strict",
                        "-crl_check",
                        "-CRLfile",
                        file("ca.crl"),
                        "-CAfile",
                        file("ca.pem"),
                        file(name + ".pem"))
                .exit();
    }

    private String file(String name) {
        return parent.resolve(name).toString();
    }

    private static String rights(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private record Result(int exit, String text) {}

    private static Result run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(new ArrayList<>(List.of(command)))
                    .redirectErrorStream(true)
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), text);
        } catch (IOException e) {
            return new Result(-1, String.valueOf(e.getMessage())); // not installed
        }
    }
}
