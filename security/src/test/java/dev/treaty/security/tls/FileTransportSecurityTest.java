package dev.treaty.security.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileTransportSecurityTest {
    @TempDir
    Path directory;

    private final ManualTime time = new ManualTime();

    @Test
    void both_sides_identify_each_other() throws Exception {
        var authority = CertificateAuthority.create(directory, "shop.example", time);
        authority.write(CertificateRequest.of("shop.Orders"));
        authority.write(CertificateRequest.of("shop.Checkout"));
        try (var server = start("shop.Orders");
                var client = start("shop.Checkout")) {
            Handshake done = Handshake.complete(client, server);
            assertThat(done.ofClient().getProtocol()).isEqualTo("TLSv1.3");
            assertThat(server.identify(done.ofServer()).name()).isEqualTo("shop.Checkout");
            assertThat(client.identify(done.ofClient()).names()).containsExactly("spiffe://shop.example/shop.Orders");
        }
    }

    private FileTransportSecurity start(String name) throws Exception {
        return FileTransportSecurity.start(
                TlsPolicy.of(CertificateFiles.development(directory, name)),
                (identity, service) -> identity.equals(service.value()),
                Events.NONE,
                time);
    }
}
