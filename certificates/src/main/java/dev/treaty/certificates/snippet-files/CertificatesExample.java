import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.certificates.IssuedCertificate;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

class CertificatesExample {
    void files() throws IOException {
        // @start region="files"
        var authority = CertificateAuthority.create(Path.of("certs"), "shop.example", Time.system());
        authority.write(CertificateRequest.of("shop.Orders").withDnsName("orders")); // shop.Orders.pem and .key
        authority.revoke("shop.Orders");
        // @end
    }

    void inTests() {
        // @start region="tests"
        var authority = CertificateAuthority.inMemory("shop.example", Time.system());
        CertificateRequest right = CertificateRequest.of("shop.Orders");
        IssuedCertificate expired =
                authority.issue(right.withValidFrom(Time.system().instant().minus(Duration.ofDays(2)))
                        .withLifetime(Duration.ofDays(1)));
        IssuedCertificate ofAnotherDomain = authority.issue(right.withUris("spiffe://bank.example/shop.Orders"));
        IssuedCertificate untrusted =
                CertificateAuthority.inMemory("shop.example", Time.system()).issue(right);
        // @end
        System.out.println(expired + " " + ofAnotherDomain + " " + untrusted);
    }
}
