package dev.treaty.cli.attacks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.certificates.IssuedCertificate;
import dev.treaty.cli.Command;
import dev.treaty.cli.Main;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.codec.Json;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A registry with security in a process of its own, with Consul's API, and processes of several identities. */
final class SecureSystem implements AutoCloseable {
    /** A service that others want to be, or to change. */
    @Contract(name = "shop.Payments", version = "1.0.0")
    interface Payments {
        @Idempotent
        String pay(String text);

        @Idempotent
        String refund(String text);
    }

    /** Another service of the same identity. */
    @Contract(name = "shop.Payments.Other", version = "1.0.0")
    interface Other {
        @Idempotent
        String echo(String text);
    }

    private static final String RULES = """
        roles: {operator: [alice]}
        rules:
          cart-pays: {callers: [shop.Cart, carol], services: [shop.Payments], operations: [pay]}
          ledger: {callers: [carol, shop.Cart], services: [shop.Ledger], operations: ['*']}
        """;

    private static final char[] PASSWORD = "password".toCharArray();

    private final Path directory;
    private final CertificateAuthority authority;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> printed = new ArrayList<>();
    private final ChildProcess process;
    private final Deque<Treaty> open = new ArrayDeque<>();
    private final String registry;
    private final String consul;

    SecureSystem(Path directory) throws Exception {
        this.directory = directory;
        authority = CertificateAuthority.create(directory.resolve("certs"), "treaty.local", Time.system());
        Path config = Files.writeString(directory.resolve("registry.yaml"), security("treaty", ""));
        process = ChildProcess.start(
                ChildProcess.java(
                        List.of(),
                        ChildProcess.ownClassPath(),
                        Main.class.getName(),
                        List.of(
                                "registry",
                                "--port",
                                "0",
                                "--compat-port",
                                "0",
                                "--json",
                                "--config",
                                config.toString())),
                Map.of("TREATY_DEBUG", "1"),
                lines::add);
        String line = String.valueOf(lines.poll(120, TimeUnit.SECONDS));
        while (!line.startsWith("{")) { // lines of the log
            printed.add(line);
            line = lines.poll(120, TimeUnit.SECONDS);
            assertThat(line).as("a line after %s", printed).isNotNull();
        }
        var addresses = (Map<?, ?>) Json.read(line);
        registry = (String) addresses.get("registry");
        consul = (String) addresses.get("consul");
    }

    private String security(String identity, String more) throws IOException {
        Path certs = directory.resolve("certs");
        if (!Files.exists(certs.resolve(identity + ".pem"))) {
            authority.write(CertificateRequest.of(identity));
        }
        return """
            security:
              enabled: true
              certificate: %s
              key: %s
              authorities: %s
              revocations: %s
              tokens: {directory: %s}
            %s%s
            """.formatted(
                        certs.resolve(identity + ".pem"),
                        certs.resolve(identity + ".key"),
                        certs.resolve("ca.pem"),
                        certs.resolve("ca.crl"),
                        directory.resolve("tokens"),
                        RULES.indent(2),
                        more.indent(2));
    }

    /**
     * Returns the text of the settings of a process.
     *
     * @param security further settings of security
     * @param others further groups of settings
     */
    String settings(String identity, String security, String others) throws IOException {
        return "name: pretended\nregistry: " + registry + "\n" + security(identity, security) + others + "\n";
    }

    /** Opens a process with the certificate of an identity. */
    Treaty open(String identity) throws IOException {
        return open(identity, "", "server: {drain: 100ms}");
    }

    Treaty open(String identity, String security, String others) throws IOException {
        Treaty treaty = Treaty.open(Settings.parse("test", settings(identity, security, others), Map.of()));
        open.push(treaty);
        return treaty;
    }

    /** Opens a process with these settings of security alone. */
    void openRaw(String security) throws IOException {
        open.push(Treaty.open(
                Settings.parse("test", "registry: " + registry + "\nsecurity:\n" + security.indent(2), Map.of())));
    }

    /** The certificate of the authority. */
    Path authorityFile() {
        return directory.resolve("certs/ca.pem");
    }

    /** Serves payments as an identity does that may. */
    Treaty servePayments() throws IOException {
        Treaty treaty = open("shop.Payments");
        treaty.serve(Payments.class, payments("paid "));
        return treaty;
    }

    static Payments payments(String answer) {
        return new Payments() {
            @Override
            public String pay(String text) {
                return answer + text;
            }

            @Override
            public String refund(String text) {
                return answer + text;
            }
        };
    }

    /** Runs a command of the product with the settings of an identity. */
    Command run(String identity, String... arguments) throws IOException {
        Path file = Files.writeString(directory.resolve(identity + ".yaml"), settings(identity, "", ""));
        var all = new ArrayList<>(List.of(arguments));
        all.add("--config");
        all.add(file.toString());
        return Command.run(all.toArray(String[]::new));
    }

    CertificateAuthority authority() {
        return authority;
    }

    Path directory() {
        return directory;
    }

    /** What the process of the registry has printed. */
    List<String> lines() {
        lines.drainTo(printed);
        return List.copyOf(printed);
    }

    int registryPort() {
        return port(registry);
    }

    int consulPort() {
        return port(consul);
    }

    ServiceEndpoint registryEndpoint() {
        return new ServiceEndpoint("https", "127.0.0.1", registryPort());
    }

    private static int port(String address) {
        return Integer.parseInt(address.replaceAll(".*:", ""));
    }

    /** Opens a connection without TLS. */
    static Socket plain(int port) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    /** Opens a connection with TLS, and with a certificate unless the identity is empty. */
    Socket connect(int port, String identity) throws IOException, GeneralSecurityException {
        return connect(port, identity.isEmpty() ? null : authority.issue(identity));
    }

    /** Opens a connection with TLS and a certificate. */
    Socket connect(int port, @Nullable IssuedCertificate issued) throws IOException, GeneralSecurityException {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, PASSWORD);
        trusted.setCertificateEntry("authority", authority.certificate());
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        var own = KeyStore.getInstance("PKCS12");
        own.load(null, PASSWORD);
        if (issued != null) {
            own.setKeyEntry("own", issued.key(), PASSWORD, new Certificate[] {issued.certificate()});
        }
        var keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, PASSWORD);
        var context = SSLContext.getInstance("TLSv1.3");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
    }

    /** Sends a request with TLS, and returns the whole answer. */
    String ask(int port, String identity, String method, String path, String body, String... headers)
            throws IOException, GeneralSecurityException {
        try (Socket socket = connect(port, identity)) {
            return exchange(socket, request(method, path, body, headers));
        }
    }

    /** Returns a request after which the server closes the connection. */
    static String request(String method, String path, String body, String... headers) {
        var request = new StringBuilder(method + " " + path + " HTTP/1.1\r\nConnection: close\r\n");
        boolean host = false;
        boolean type = false;
        for (String header : headers) {
            request.append(header).append("\r\n");
            host |= header.startsWith("Host:");
            type |= header.startsWith("Content-Type:");
        }
        request.append(host ? "" : "Host: localhost\r\n");
        request.append(type || body.isEmpty() ? "" : "Content-Type: application/json\r\n");
        return request + "Content-Length: " + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body;
    }

    /** Sends bytes, and reads until the server closes the connection. */
    static String exchange(Socket socket, String request) throws IOException {
        socket.setSoTimeout(60_000);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
        return readAll(socket);
    }

    /** Sends a request on a connection that stays open, and returns the beginning of the answer; empty if it ends. */
    static String exchangeOnce(Socket socket, String request) {
        byte[] part = new byte[8192];
        try {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            var answer = new StringBuilder();
            while (!answer.toString().endsWith("\"}") && !answer.toString().endsWith("\"")) { // the end of the JSON
                int n = socket.getInputStream().read(part);
                if (n < 0) {
                    return answer.toString();
                }
                answer.append(new String(part, 0, n, StandardCharsets.UTF_8));
            }
            return answer.toString();
        } catch (IOException e) {
            return "";
        }
    }

    /** Reads until the server closes the connection, or resets it. */
    static String readAll(Socket socket) {
        var answer = new StringBuilder();
        byte[] part = new byte[8192];
        try {
            for (int n = socket.getInputStream().read(part);
                    n >= 0;
                    n = socket.getInputStream().read(part)) {
                answer.append(new String(part, 0, n, StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            // it was reset
        }
        return answer.toString();
    }

    static int status(String answer) {
        return answer.startsWith("HTTP/1.1 ") ? Integer.parseInt(answer.substring(9, 12)) : 0;
    }

    /** Waits for a condition, which a failure names. */
    static void until(String what, BooleanSupplier reached) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as(what).isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Override
    public void close() {
        open.forEach(Treaty::close);
        process.terminate();
        process.exit().orTimeout(60, TimeUnit.SECONDS).join();
    }
}
