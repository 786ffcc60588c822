package dev.treaty.security.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections of openssl over a socket. */
class OpensslTest {
    @TempDir
    Path directory;

    private CertificateAuthority authority;

    @BeforeEach
    void create() throws Exception {
        assumeTrue(installed(), "openssl is not installed");
        authority = CertificateAuthority.create(directory, "shop.example", Time.system());
        authority.write(CertificateRequest.of("shop.Orders"));
        authority.write(CertificateRequest.of("shop.Checkout"));
    }

    @Test
    void a_client_with_a_certificate_is_identified() throws Exception {
        assertThat(connect(own("shop.Checkout")).name()).isEqualTo("shop.Checkout");
    }

    @Test
    void a_client_without_a_certificate_is_anonymous() throws Exception {
        assertThat(connect(List.of())).isEqualTo(PeerIdentity.NONE);
    }

    @Test
    void a_revoked_client_is_refused() throws Exception {
        authority.revoke("shop.Checkout");
        assertThatThrownBy(() -> connect(own("shop.Checkout")))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("is revoked");
    }

    @Test
    void a_client_of_tls_1_2_is_refused() {
        assertThatThrownBy(() -> connect(List.of("-tls1_2"))).isInstanceOf(SSLException.class);
    }

    private List<String> own(String name) {
        return List.of(
                "-cert",
                directory.resolve(name + ".pem").toString(),
                "-key",
                directory.resolve(name + ".key").toString());
    }

    /** Lets openssl connect with these options, and returns who it is. */
    private PeerIdentity connect(List<String> options) throws Exception {
        var policy = TlsPolicy.of(CertificateFiles.development(directory, "shop.Orders"));
        try (var security = FileTransportSecurity.start(policy, (_, _) -> true, Events.NONE, Time.system());
                var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var command = new ArrayList<>(List.of("openssl", "s_client", "-verify_return_error", "-quiet"));
            command.addAll(List.of("-connect", "127.0.0.1:" + listener.getLocalPort()));
            command.addAll(List.of("-CAfile", directory.resolve("ca.pem").toString()));
            command.addAll(options);
            Process openssl = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (Socket socket = listener.accept();
                    OutputStream input = openssl.getOutputStream()) {
                input.write("hello\n".getBytes(StandardCharsets.US_ASCII));
                input.flush();
                SSLEngine engine = security.serverEngine();
                assertThat(receive(engine, socket)).isEqualTo("hello\n");
                return security.identify(engine.getSession());
            } finally {
                openssl.destroy();
                openssl.waitFor();
            }
        }
    }

    /** Returns the first text that arrives after the handshake. */
    private static String receive(SSLEngine engine, Socket socket) throws IOException {
        ByteBuffer in = ByteBuffer.allocate(1 << 16).flip();
        ByteBuffer text = ByteBuffer.allocate(1 << 16);
        engine.beginHandshake();
        while (text.position() == 0) {
            HandshakeStatus status = engine.getHandshakeStatus();
            if (status == HandshakeStatus.NEED_TASK) {
                for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                    task.run();
                }
            } else if (status == HandshakeStatus.NEED_WRAP) {
                ByteBuffer out = ByteBuffer.allocate(1 << 16);
                engine.wrap(ByteBuffer.allocate(0), out);
                socket.getOutputStream().write(out.array(), 0, out.position());
            } else if (engine.unwrap(in, text).bytesConsumed() == 0) {
                fill(in, socket);
            }
        }
        return new String(text.array(), 0, text.position(), StandardCharsets.UTF_8);
    }

    private static void fill(ByteBuffer in, Socket socket) throws IOException {
        var bytes = new byte[1 << 12];
        int read = socket.getInputStream().read(bytes);
        if (read < 0) {
            throw new IOException("the client has closed the connection");
        }
        in.compact().put(bytes, 0, read).flip();
    }

    private static boolean installed() throws InterruptedException {
        try {
            return new ProcessBuilder("openssl", "version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException _) {
            return false;
        }
    }
}
