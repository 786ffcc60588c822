import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.time.Time;
import dev.treaty.security.tls.CertificateFiles;
import dev.treaty.security.tls.FileTransportSecurity;
import dev.treaty.security.tls.TlsPolicy;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLEngine;

class TlsExample {
    void connect() throws CertificateException {
        // @start region="tls"
        var files = CertificateFiles.certManager(Path.of("/etc/tls"));
        try (var security = FileTransportSecurity.start(
                TlsPolicy.of(files),
                (identity, service) -> identity.equals(service.value()),
                Events.NONE,
                Time.system())) {
            SSLEngine engine = security.clientEngine("orders.shop.example", 443);
            // after the handshake of the engine:
            PeerIdentity server = security.identify(engine.getSession());
            security.checkServes(server, new ServiceName("shop.Orders"));
        }
        // @end
    }
}
