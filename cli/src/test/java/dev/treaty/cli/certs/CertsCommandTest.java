package dev.treaty.cli.certs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.cli.Command;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertsCommandTest {
    @TempDir
    Path parent;

    @Test
    void an_authority_issues_renews_and_revokes() {
        Path directory = parent.resolve("certs");
        Command init = certs("init", directory.toString(), "--trust-domain", "shop.example");
        assertThat(init.out())
                .isEqualToIgnoringNewLines(
                        "Created an authority of the trust domain shop.example in " + directory + ".");
        assertThat(certs("init", directory.toString()).err()).contains("is not overwritten");

        assertThat(in(directory, "issue", "shop.Orders", "--dns", "orders", "--ip", "10.0.0.7", "--lifetime", "2h")
                        .exit())
                .isZero();
        Map<?, ?> issued = shown(directory, "shop.Orders");
        assertThat(issued.get("identity")).isEqualTo("shop.Orders");
        assertThat(issued.get("names"))
                .isEqualTo(List.of(
                        "spiffe://shop.example/shop.Orders",
                        "localhost",
                        "orders",
                        "127.0.0.1",
                        "0:0:0:0:0:0:0:1",
                        "10.0.0.7"));
        assertThat(issued.get("problems")).isEqualTo(List.of());

        assertThat(in(directory, "renew", "--all").out()).contains("shop.Orders");
        Map<?, ?> renewed = shown(directory, "shop.Orders");
        assertThat(renewed.get("names")).isEqualTo(issued.get("names"));
        assertThat(renewed.get("serial")).isNotEqualTo(issued.get("serial"));

        assertThat(in(directory, "revoke", "--serial", (String) issued.get("serial"))
                        .exit())
                .isZero();
        assertThat(shown(directory, "shop.Orders").get("problems")).isEqualTo(List.of());
        assertThat(in(directory, "revoke", "shop.Orders").out()).contains("has 2 now");
        assertThat(shown(directory, "shop.Orders").get("problems").toString()).contains("is revoked");
        assertThat(in(directory, "show").exit()).isEqualTo(1);
    }

    @Test
    void what_is_wrong_with_a_certificate_is_shown() throws IOException {
        var authority = CertificateAuthority.create(parent, "shop.example", Time.system());
        authority.write(CertificateRequest.of("right"));
        authority.write(CertificateRequest.of("old")
                .withValidFrom(Time.system().instant().minus(Duration.ofDays(2))));
        authority.write(CertificateRequest.of("mixed"));
        Files.writeString(parent.resolve("mixed.key"), authority.issue("mixed").keyPem());
        authority.write(CertificateRequest.of("open"));
        Files.setPosixFilePermissions(parent.resolve("open.key"), PosixFilePermissions.fromString("rw-r--r--"));
        CertificateAuthority.inMemory("shop.example", Time.system())
                .issue("foreign")
                .write(parent);

        assertProblem("old", "expired at");
        assertProblem("mixed", "the key does not fit the certificate");
        assertProblem("open", "chmod 600");
        assertProblem("foreign", "no trusted authority");
        Command right = certs("show", parent.resolve("right.pem").toString());
        assertThat(right.exit()).isZero();
        assertThat(right.out()).contains("identity  right").doesNotContain("wrong:");
        assertThat(certs("show", parent.resolve("ca.pem").toString()).out()).contains("(an authority)");
    }

    @Test
    void mistakes_are_explained() {
        Path none = parent.resolve("none");
        assertThat(in(none, "issue", "shop.Orders").err()).contains("treaty certs init creates one");
        certs("init", parent.toString());
        assertThat(in(parent, "issue", "../x").err()).contains("letters, digits");
        assertThat(in(parent, "issue", "x", "--ip", "here").err()).contains("\"here\" is not an IP address");
        assertThat(in(parent, "renew").exit()).isEqualTo(2);
        assertThat(in(parent, "renew", "unknown").err()).contains("unknown.pem does not exist");
        assertThat(in(parent, "revoke", "--serial", "xyz").err()).contains("not a hexadecimal number");
        assertThat(certs("show", parent.resolve("ca.key").toString()).err()).contains("has no certificate in PEM");
        assertThat(certs("init", parent.resolve("y").toString(), "--trust-domain", "A B")
                        .err())
                .contains("lower-case");
    }

    private void assertProblem(String name, String problem) {
        Command shown = certs("show", parent.resolve(name + ".pem").toString());
        assertThat(shown.exit()).isEqualTo(1);
        assertThat(shown.out()).contains("wrong:", problem);
    }

    private static Map<?, ?> shown(Path directory, String name) {
        Command show = certs("show", "--json", directory.resolve(name + ".pem").toString());
        return (Map<?, ?>) ((List<?>) show.json()).getFirst();
    }

    private static Command in(Path directory, String command, String... arguments) {
        var all = new String[arguments.length + 4];
        all[0] = "certs";
        all[1] = command;
        all[2] = "--directory";
        all[3] = directory.toString();
        System.arraycopy(arguments, 0, all, 4, arguments.length);
        return Command.run(all);
    }

    private static Command certs(String... arguments) {
        var all = new String[arguments.length + 1];
        all[0] = "certs";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return Command.run(all);
    }
}
