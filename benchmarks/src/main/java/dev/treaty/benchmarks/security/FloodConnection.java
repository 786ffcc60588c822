package dev.treaty.benchmarks.security;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A connection on which a flood calls: HTTP/1.1 over TLS by hand, which costs the sender less than a client. */
final class FloodConnection implements AutoCloseable {
    private static final String BODY = "{\"what\":\"x\"}";
    private static final int STATUS_BEGIN = 9;
    private static final int STATUS_END = 12;
    private static final int LINE_MAX = 16_384;

    private final Socket socket;
    private final InputStream in;
    private boolean open = true;

    FloodConnection(SSLContext context, InetSocketAddress server, int timeoutMillis) throws IOException {
        Socket plain = new Socket();
        try {
            plain.setSoTimeout(timeoutMillis);
            plain.setTcpNoDelay(true);
            plain.connect(server, timeoutMillis);
            socket = context.getSocketFactory()
                    .createSocket(plain, server.getAddress().getHostAddress(), server.getPort(), true);
            in = new BufferedInputStream(socket.getInputStream());
        } catch (IOException e) {
            plain.close();
            throw e;
        }
    }

    /** What trusts the authority in a file, and has no certificate. */
    static SSLContext trusting(Path authority) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(authority)) {
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** Calls, and returns the status of the answer. */
    int call(String token) throws IOException {
        socket.getOutputStream()
                .write(("POST /" + Answering.NAME + "/answer HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer "
                                + token + "\r\nContent-Type: application/json\r\nContent-Length: " + BODY.length()
                                + "\r\n\r\n" + BODY)
                        .getBytes(StandardCharsets.US_ASCII));
        String first = line();
        if (first.length() < STATUS_END) {
            throw new IOException("no answer of HTTP");
        }
        int length = 0;
        for (String line = line(); !line.isEmpty(); line = line()) {
            String header = line.toLowerCase(Locale.ROOT);
            if (header.startsWith("content-length:")) {
                length = Integer.parseInt(
                        header.substring("content-length:".length()).strip());
            } else if (header.startsWith("connection:") && header.endsWith("close")) {
                open = false;
            }
        }
        in.skipNBytes(length);
        return Integer.parseInt(first.substring(STATUS_BEGIN, STATUS_END));
    }

    private String line() throws IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0 || line.length() > LINE_MAX) {
                throw new EOFException();
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** Whether the server lets it be used again. */
    boolean isOpen() {
        return open;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
