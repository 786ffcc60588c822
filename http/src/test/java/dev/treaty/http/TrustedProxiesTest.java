package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.time.Time;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server believes of the addresses that its peers state, in raw bytes. */
@Timeout(120)
class TrustedProxiesTest {
    private static final String PROXY = "127.0.0.1";

    private static AddressServer server;

    @BeforeAll
    static void start() {
        server = new AddressServer(HttpServerOptions.STANDARD, PROXY, "10.0.0.0/8", "fd00::/8");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String post(String... headers) {
        return RawConnection.post(AddressServer.PATH, "{}", headers);
    }

    private static String address(RawConnection.Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.body().replaceAll("^\\{\"result\":\"|\"}$", "");
    }

    private static String xff(String value) {
        return "X-Forwarded-For: " + value;
    }

    private static String forwarded(String value) {
        return "Forwarded: " + value;
    }

    private static Stream<Arguments> headers() {
        return Stream.of(
                arguments("none", PROXY, List.of()),
                arguments("one address", "192.0.2.1", List.of(xff("192.0.2.1"))),
                arguments("an IPv6 address", "2001:db8:0:0:0:0:0:1", List.of(xff("2001:db8::1"))),
                arguments("IPv6 in brackets", "2001:db8:0:0:0:0:0:1", List.of(xff("[2001:db8::1]"))),
                arguments("IPv6 with a port", "2001:db8:0:0:0:0:0:1", List.of(xff("[2001:db8::1]:443"))),
                arguments("IPv4 with a port", "192.0.2.1", List.of(xff("192.0.2.1:50000"))),
                arguments("IPv4 in IPv6", "192.0.2.1", List.of(xff("::ffff:192.0.2.1"))),
                arguments("a trusted proxy in IPv6", "192.0.2.1", List.of(xff("192.0.2.1, ::ffff:10.0.0.1"))),
                arguments("two trusted proxies", "192.0.2.1", List.of(xff("192.0.2.1, 10.0.0.1, fd00::1"))),
                arguments("trusted proxies alone", "10.0.0.1", List.of(xff("10.0.0.1, fd00::1"))),
                arguments("a spoofed address", "192.0.2.1", List.of(xff("1.1.1.1, 192.0.2.1"))),
                arguments("a spoofed line", "192.0.2.1", List.of(xff("1.1.1.1"), xff("192.0.2.1"))),
                arguments("a spoofed proxy", "192.0.2.1", List.of(xff("1.1.1.1, 10.0.0.9, 192.0.2.1, 10.0.0.1"))),
                arguments("spoofed garbage", "192.0.2.1", List.of(xff("\"<script>;, 192.0.2.1"))),
                arguments("several lines", "192.0.2.1", List.of(xff("192.0.2.1"), xff("10.0.0.1"), xff("10.0.0.2"))),
                arguments("empty elements", "192.0.2.1", List.of(xff(", 192.0.2.1,\t,"))),
                arguments("an empty field", PROXY, List.of(xff(""))),
                arguments("a name", PROXY, List.of(xff("localhost"))),
                arguments("a name before a proxy", "10.0.0.1", List.of(xff("client.example, 10.0.0.1"))),
                arguments("unknown", "10.0.0.1", List.of(xff("1.1.1.1, unknown, 10.0.0.1"))),
                arguments("a short form", PROXY, List.of(xff("127.1"))),
                arguments("an octal form", PROXY, List.of(xff("192.0.2.010"))),
                arguments("a number", PROXY, List.of(xff("3221225985"))),
                arguments("a number above 255", PROXY, List.of(xff("192.0.2.256"))),
                arguments("a zone", PROXY, List.of(xff("fe80::1%eth0"))),
                arguments("an open bracket", PROXY, List.of(xff("[2001:db8::1"))),
                arguments("IPv4 in brackets", PROXY, List.of(xff("[192.0.2.1]"))),
                arguments("a port without digits", PROXY, List.of(xff("192.0.2.1:x"))),
                arguments("two addresses", PROXY, List.of(xff("192.0.2.1 192.0.2.2"))),
                arguments("a network", PROXY, List.of(xff("192.0.2.0/24"))),
                arguments("quotes", PROXY, List.of(xff("\"192.0.2.1\""))),
                arguments("other headers", PROXY, List.of("X-Real-IP: 1.1.1.1", "True-Client-IP: 1.1.1.1")),
                arguments(
                        "as many proxies as may be", "192.0.2.1", List.of(xff("192.0.2.1" + ", 10.0.0.1".repeat(31)))),
                arguments("more proxies", "10.0.0.1", List.of(xff("192.0.2.1" + ", 10.0.0.1".repeat(32)))),
                arguments("Forwarded", "192.0.2.1", List.of(forwarded("for=192.0.2.1"))),
                arguments("Forwarded, in capitals", "192.0.2.1", List.of(forwarded("FOR=192.0.2.1;Proto=https"))),
                arguments("more pairs", "192.0.2.1", List.of(forwarded("by=10.0.0.1; for=192.0.2.1 ;host=\"a,b;c\""))),
                arguments("IPv6", "2001:db8:0:0:0:0:0:1", List.of(forwarded("for=\"[2001:db8::1]:443\""))),
                arguments("a quoted port", "192.0.2.1", List.of(forwarded("for=\"192.0.2.1:_secret\""))),
                arguments("a row", "192.0.2.1", List.of(forwarded("for=1.1.1.1, for=192.0.2.1,for=10.0.0.1"))),
                arguments(
                        "a row of lines", "192.0.2.1", List.of(forwarded("for=192.0.2.1"), forwarded("for=10.0.0.1"))),
                arguments("hidden", "10.0.0.1", List.of(forwarded("for=_secret, for=10.0.0.1"))),
                arguments("Forwarded, unknown", PROXY, List.of(forwarded("for=1.1.1.1, for=unknown"))),
                arguments("no client", PROXY, List.of(forwarded("for=1.1.1.1, proto=https"))),
                arguments("two clients", PROXY, List.of(forwarded("for=1.1.1.1;for=192.0.2.1"))),
                arguments("IPv6 without quotes", PROXY, List.of(forwarded("for=[2001:db8::1]"))),
                arguments("IPv6 without brackets", PROXY, List.of(forwarded("for=\"2001:db8::1\", for=_x"))),
                arguments("an escape", PROXY, List.of(forwarded("for=\"192.0.2.\\1\""))),
                arguments("an empty value", PROXY, List.of(forwarded("for="))),
                arguments("no pair", PROXY, List.of(forwarded("192.0.2.1"))),
                arguments("a pair without a value", PROXY, List.of(forwarded("for=192.0.2.1;secure"))),
                arguments("a semicolon at the end", PROXY, List.of(forwarded("for=192.0.2.1;"))),
                arguments(
                        "a quote of the client around the comma",
                        "192.0.2.1",
                        List.of(forwarded("for=1.1.1.1;host=\", for=192.0.2.1"))),
                arguments(
                        "a quote of the client that ends in another line",
                        "192.0.2.1",
                        List.of(forwarded("for=\"1.1.1.1"), forwarded("for=192.0.2.1;by=\"[fd00::1]\""))),
                arguments("both, equal", "192.0.2.1", List.of(forwarded("for=192.0.2.1"), xff("192.0.2.1"))),
                arguments(
                        "both, equal for the server",
                        "192.0.2.1",
                        List.of(forwarded("for=1.1.1.1, for=192.0.2.1"), xff("192.0.2.1, 10.0.0.1"))),
                arguments("a spoofed Forwarded", PROXY, List.of(forwarded("for=1.1.1.1"), xff("192.0.2.1"))),
                arguments("a spoofed X-Forwarded-For", PROXY, List.of(xff("1.1.1.1"), forwarded("for=192.0.2.1"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("headers")
    void the_client_is_the_last_address_that_is_no_trusted_proxy(String name, String client, List<String> headers)
            throws Exception {
        try (var raw = new RawConnection(server.port())) {
            assertThat(address(raw.exchange(post(headers.toArray(String[]::new)))))
                    .isEqualTo(client);
            // The next request of the same connection has its own client.
            assertThat(address(raw.exchange(post(xff("192.0.2.99"))))).isEqualTo("192.0.2.99");
        }
    }

    @Test
    void a_header_with_only_one_side_of_an_unquoted_pair_is_not_believed() throws Exception {
        try (var raw = new RawConnection(server.port())) {
            String unbalanced = forwarded("for=192.0.2.1;by=\"[fd00::1]");
            assertThat(address(raw.exchange(post(unbalanced)))).isEqualTo(PROXY);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Forwarded-For: %s, 192.0.2.1", "Forwarded: %s, for=192.0.2.1;by=\"[fd00::1]\""})
    void nothing_that_a_client_sends_replaces_the_address_that_a_proxy_adds(String line) throws Exception {
        var random = new Random(7);
        List<String> pieces = List.of(
                "\"",
                "\\",
                "\\\"",
                ",",
                ", ",
                ";",
                "=",
                "for=",
                "for=\"",
                "by=",
                "[",
                "]",
                ":",
                " ",
                "\t",
                "1.1.1.1",
                "10.0.0.1",
                "[fd00::1]",
                "127.0.0.1",
                "unknown",
                "_x",
                "x");
        String name = line.substring(0, line.indexOf(':') + 1);
        try (var raw = new RawConnection(server.port())) {
            for (int i = 0; i < 3_000; i++) {
                String sent = IntStream.range(0, random.nextInt(12))
                        .mapToObj(_ -> pieces.get(random.nextInt(pieces.size())))
                        .collect(Collectors.joining());
                String added = line.formatted(sent);
                String request = i % 2 == 0 ? post(added) : post(name + sent, line.formatted(""));
                assertThat(address(raw.exchange(request))).as(request).isEqualTo("192.0.2.1");
            }
        }
    }

    private static byte[] version2(int command, int family, byte[] addresses, byte[] extensions) {
        return ByteBuffer.allocate(16 + addresses.length + extensions.length)
                .put("\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.ISO_8859_1))
                .put((byte) command)
                .put((byte) family)
                .putShort((short) (addresses.length + extensions.length))
                .put(addresses)
                .put(extensions)
                .array();
    }

    private static byte[] addresses(String source, String destination) {
        byte[] from = InetAddress.ofLiteral(source).getAddress();
        byte[] to = InetAddress.ofLiteral(destination).getAddress();
        return ByteBuffer.allocate(from.length + to.length + 4)
                .put(from)
                .put(to)
                .putShort((short) 50_000)
                .putShort((short) 80)
                .array();
    }

    private static byte[] extension(int type, byte[] value) {
        return ByteBuffer.allocate(3 + value.length)
                .put((byte) type)
                .putShort((short) value.length)
                .put(value)
                .array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static final byte[] IPV4 = addresses("192.0.2.1", "127.0.0.1");

    private static Stream<Arguments> prefaces() {
        byte[] ipv6 = addresses("2001:db8::1", "fd00::1");
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, (byte) 192, 0, 2, 1};
        return Stream.of(
                arguments("1, IPv4", "192.0.2.1", ascii("PROXY TCP4 192.0.2.1 127.0.0.1 50000 80\r\n")),
                arguments("1, IPv6", "2001:db8:0:0:0:0:0:1", ascii("PROXY TCP6 2001:db8::1 fd00::1 50000 80\r\n")),
                arguments("1, IPv4 in IPv6", "192.0.2.1", ascii("PROXY TCP6 ::ffff:192.0.2.1 ::1 50000 80\r\n")),
                arguments("1, unknown", PROXY, ascii("PROXY UNKNOWN\r\n")),
                arguments("1, unknown with more", PROXY, ascii("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n")),
                arguments("2, IPv4", "192.0.2.1", version2(0x21, 0x11, IPV4, new byte[0])),
                arguments("2, IPv6", "2001:db8:0:0:0:0:0:1", version2(0x21, 0x21, ipv6, new byte[0])),
                arguments(
                        "2, IPv4 in IPv6",
                        "192.0.2.1",
                        version2(0x21, 0x21, join(mapped, mapped, new byte[4]), new byte[0])),
                arguments("2, local", PROXY, version2(0x20, 0x00, new byte[0], new byte[0])),
                arguments("2, local with addresses", PROXY, version2(0x20, 0x11, IPV4, new byte[0])),
                arguments("2, unspecified", PROXY, version2(0x21, 0x00, new byte[0], new byte[0])),
                arguments("2, a socket of Unix", PROXY, version2(0x21, 0x31, new byte[216], new byte[0])),
                arguments(
                        "2, extensions",
                        "192.0.2.1",
                        version2(
                                0x21,
                                0x11,
                                IPV4,
                                join(
                                        extension(0x01, ascii("h2")),
                                        extension(0x20, new byte[5]),
                                        extension(0xEE, new byte[1000])))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("prefaces")
    void a_trusted_proxy_states_the_client_of_a_connection(String name, String client, byte[] preface)
            throws Exception {
        try (var raw = new RawConnection(server.port())) {
            raw.send(join(preface, ascii(post())));
            assertThat(address(raw.receive())).isEqualTo(client);
            assertThat(address(raw.exchange(post()))).isEqualTo(client);
        }
        try (var slow = new RawConnection(server.port())) { // which a proxy need not send at once
            for (byte one : preface) {
                slow.send(new byte[] {one});
            }
            assertThat(address(slow.exchange(post()))).isEqualTo(client);
        }
    }

    @Test
    void headers_count_behind_the_PROXY_protocol_only_if_the_stated_client_is_trusted() throws Exception {
        try (var direct = new RawConnection(server.port())) {
            direct.send("PROXY TCP4 192.0.2.1 127.0.0.1 50000 80\r\n");
            assertThat(address(direct.exchange(post(xff("1.1.1.1"))))).isEqualTo("192.0.2.1");
        }
        try (var behind = new RawConnection(server.port())) {
            behind.send("PROXY TCP4 10.0.0.1 127.0.0.1 50000 80\r\n");
            assertThat(address(behind.exchange(post(xff("1.1.1.1, 192.0.2.1")))))
                    .isEqualTo("192.0.2.1");
        }
    }

    private static Stream<Arguments> malformed() {
        return Stream.of(
                arguments("1, a name", ascii("PROXY TCP4 client.example 127.0.0.1 50000 80\r\n")),
                arguments("1, a short address", ascii("PROXY TCP4 127.1 127.0.0.1 50000 80\r\n")),
                arguments("1, the wrong family", ascii("PROXY TCP4 2001:db8::1 ::1 50000 80\r\n")),
                arguments("1, a zone", ascii("PROXY TCP6 fe80::1%eth0 ::1 50000 80\r\n")),
                arguments("1, no ports", ascii("PROXY TCP4 192.0.2.1 127.0.0.1\r\n")),
                arguments("1, a large port", ascii("PROXY TCP4 192.0.2.1 127.0.0.1 70000 80\r\n")),
                arguments("1, two spaces", ascii("PROXY  TCP4 192.0.2.1 127.0.0.1 50000 80\r\n")),
                arguments("1, another protocol", ascii("PROXY UDP4 192.0.2.1 127.0.0.1 50000 80\r\n")),
                arguments("1, longer than allowed", ascii("PROXY UNKNOWN " + "x".repeat(200) + "\r\n")),
                arguments("1, twice", ascii("PROXY UNKNOWN\r\nPROXY TCP4 1.1.1.1 127.0.0.1 50000 80\r\n")),
                arguments("2, version 3", version2(0x31, 0x11, IPV4, new byte[0])),
                arguments("2, an unknown command", version2(0x22, 0x11, IPV4, new byte[0])),
                arguments("2, an unknown family", version2(0x21, 0x41, IPV4, new byte[0])),
                arguments("2, too short", version2(0x21, 0x11, new byte[4], new byte[0])),
                arguments("2, IPv6 too short", version2(0x21, 0x21, IPV4, new byte[0])),
                arguments("2, an extension beyond the end", version2(0x21, 0x11, IPV4, new byte[] {4, 127, 127, 0})),
                arguments("2, large extensions", version2(0x21, 0x11, IPV4, extension(0xEE, new byte[8 << 10]))),
                arguments(
                        "2, twice",
                        join(version2(0x20, 0, new byte[0], new byte[0]), version2(0x21, 0x11, IPV4, new byte[0]))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    void a_malformed_message_of_a_proxy_closes_the_connection(String name, byte[] preface) throws Exception {
        try (var server = new AddressServer(HttpServerOptions.STANDARD, PROXY);
                var raw = new RawConnection(server.port())) {
            raw.send(join(preface, ascii(post())));
            assertThat(rejected(raw)).isTrue();
            assertThat(server.callsUntilEnd()).isZero();
        }
    }

    /** Whether the connection ends, after an answer with status 400 or without one. */
    private static boolean rejected(RawConnection raw) {
        try {
            return raw.receive().status() == 400 && raw.ends();
        } catch (IOException e) {
            return true;
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("prefaces")
    void the_PROXY_protocol_of_others_is_refused(String name, String client, byte[] preface) throws Exception {
        try (var server = new AddressServer(HttpServerOptions.STANDARD, "127.0.0.2");
                var raw = new RawConnection(server.port())) {
            raw.send(join(preface, ascii(post())));
            assertThat(rejected(raw)).isTrue();
            assertThat(server.callsUntilEnd()).isZero();
        }
    }

    @Test
    void the_headers_of_others_are_ignored() throws Exception {
        for (String[] trusted : new String[][] {{}, {"127.0.0.2"}, {"10.0.0.0/8"}}) {
            try (var server = new AddressServer(HttpServerOptions.STANDARD, trusted);
                    var raw = new RawConnection(server.port())) {
                assertThat(address(raw.exchange(post(xff("1.1.1.1"), forwarded("for=1.1.1.1")))))
                        .isEqualTo(PROXY);
            }
        }
    }

    @Test
    void a_proxy_that_sends_part_of_a_message_is_closed_after_the_idle_timeout() throws Exception {
        var options = HttpServerOptions.STANDARD.timeouts(Duration.ofSeconds(10), Duration.ofMillis(200));
        try (var server = new AddressServer(options, PROXY);
                var raw = new RawConnection(server.port())) {
            raw.send("PROXY TCP4 ");
            assertThat(raw.ends()).isTrue();
        }
    }

    @Test
    void the_calls_of_a_client_state_no_address() throws Exception {
        var transport = new HttpTransport(Time.system());
        try (var connection = transport.connect(server.server.endpoint())) {
            var call = new Call(
                    AddressServer.CONTRACT.name(),
                    AddressServer.CONTRACT.operations().getFirst(),
                    List.of(),
                    Running.context(Duration.ofMinutes(1)));
            assertThat(call.context().clientAddress()).isEmpty();
            assertThat(connection.handle(call)).isEqualTo(ServiceResponse.ok(PROXY));
        } finally {
            transport.close();
        }
    }
}
