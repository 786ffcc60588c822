package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.time.Time;
import dev.treaty.fixtures.Shop;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The client with a server that is broken or hostile. Whatever it sends, the call ends within its deadline and in
 * bounded memory, with a result or a fault that says what is known; and the next call gets its own response.
 */
@Timeout(60)
class HostileServerTest {
    private static final int BODY_BYTES_MAX = 64 << 10;
    private static final long ALLOCATED_BYTES_MAX = 4 << 20;
    private static final String JSON = "Content-Type: application/json\r\n";
    private static final String OK = "HTTP/1.1 200 OK\r\n";
    private static final String BODY = "{\"result\":{\"id\":\"1\"}}";
    private static final String SIZED = "Content-Length: " + BODY.length() + "\r\n\r\n" + BODY;
    private static final String GOOD = OK + JSON + SIZED;
    private static final String CHUNKED = OK + JSON + "Transfer-Encoding: chunked\r\n\r\n";
    private static final String CHUNK = Integer.toHexString(BODY.length()) + "\r\n" + BODY + "\r\n";
    private static final String NEXT = FakeServer.ok("{\"result\":{\"id\":\"next\"}}");
    private static final String EVIL = FakeServer.ok("{\"result\":{\"id\":\"evil\"}}");
    private static final Optional<Shop.OrderId> RESULT = Optional.of(new Shop.OrderId("1"));

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final HttpTransport transport = new HttpTransport(
            new HttpTransportOptions(2, 2, Duration.ofSeconds(30), Duration.ofSeconds(2), BODY_BYTES_MAX),
            Time.system());

    /**
     * What a server does with its first connection, and how the first call ends.
     *
     * @param operation the operation that is called
     * @param code the code of the fault; null for a result
     * @param expected the result, or a part of the message of the fault
     * @param kept whether the next call uses the same connection
     */
    record Case(String name, String operation, FakeServer.Script script, Code code, Object expected, boolean kept) {
        @Override
        public String toString() {
            String shown = name.replace("\r", "\\r").replace("\n", "\\n").replaceAll("[^ -~]", "?");
            return shown.length() > 100 ? shown.substring(0, 100) + "… (" + shown.length() + ")" : shown;
        }
    }

    /** Sends that response, and to a second request another. */
    private static FakeServer.Script keep(String response, String second) {
        return socket -> {
            FakeServer.request(socket);
            FakeServer.send(socket, response);
            FakeServer.request(socket);
            FakeServer.send(socket, second);
            FakeServer.request(socket);
        };
    }

    /** A result, after which the connection is used again. */
    private static Case good(String response) {
        return new Case(response, "last", keep(response, NEXT), null, RESULT, true);
    }

    /** A result, after which the connection is not used again. */
    private static Case last(String response) {
        return new Case(response, "last", keep(response, EVIL), null, RESULT, false);
    }

    /** A result that ends with the connection. */
    private static Case closed(String response) {
        return new Case(response, "last", FakeServer.once(response), null, RESULT, false);
    }

    /** A response of another kind than a result, after which the connection is used again. */
    private static Case fault(Code code, String message, String response) {
        return new Case(response, "last", keep(response, NEXT), code, message, true);
    }

    /** A response whose connection is not used again, which the server does not close. */
    private static Case broken(Code code, String message, String response) {
        return new Case(response, "last", keep(response, EVIL), code, message, false);
    }

    private static Case malformed(String problem, String response) {
        return broken(Code.INTERNAL, " is malformed: " + problem, response);
    }

    private static Case tooLarge(String response) {
        return broken(Code.RESOURCE_EXHAUSTED, "is larger than the limit of " + BODY_BYTES_MAX + " bytes", response);
    }

    /** A response that the server ends by closing the connection. */
    private static Case cut(String response) {
        String when = response.isEmpty() ? "without an answer" : "in the middle of its answer";
        return new Case(
                response, "last", FakeServer.once(response), Code.UNAVAILABLE, "closed the connection " + when, false);
    }

    /** A response that never ends. */
    private static Case endless(Code code, String message, String begin, String repeated) {
        return new Case(
                "endless: " + begin + repeated,
                "last",
                socket -> {
                    FakeServer.request(socket);
                    FakeServer.send(socket, begin);
                    String many = repeated.repeat(1 + 10_000 / repeated.length());
                    while (true) {
                        FakeServer.send(socket, many);
                    }
                },
                code,
                message,
                false);
    }

    private static String error(int status, String headers, String body) {
        return "HTTP/1.1 " + status + " X\r\n" + headers + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private static Case error(Code code, String message, int status, String body) {
        return fault(code, message, error(status, JSON, body));
    }

    private static String body(String json) {
        return error(200, JSON, json);
    }

    private static Case json(String problem, String json) {
        return fault(Code.INTERNAL, "response of shop.Orders/last" + problem, body(json));
    }

    /** A number in place of a 32-bit one. */
    private static Case number(String number, Integer value) {
        String response = body("{\"result\":" + number + "}");
        return value == null
                ? new Case(response, "count", keep(response, NEXT), Code.INTERNAL, "field \"result\"", true)
                : new Case(response, "count", keep(response, NEXT), null, OptionalInt.of(value), true);
    }

    private static String utf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    static Stream<Case> statusLines() {
        String status = "the status line is not HTTP/1.1 and a status";
        String control = "a control character in a line";
        return Stream.of(
                malformed(status, "HELLO\r\n\r\n"),
                malformed(status, "SSH-2.0-OpenSSH_10.0\r\n"),
                malformed(status, "220 mail ESMTP\r\n"),
                malformed(status, "ICY 200 OK\r\n\r\n"),
                malformed(status, "HTTP/2 200 OK\r\n\r\n"),
                malformed(status, "HTTP/0.9 200 OK\r\n\r\n"),
                malformed(status, "HTTP/1.2 200 OK\r\n\r\n"),
                malformed(status, "HTTP/11.1 200 OK\r\n\r\n"),
                malformed(status, "HTTP/1.1x 200 OK\r\n\r\n"),
                malformed(status, "http/1.1 200 OK\r\n\r\n"),
                malformed(status, "HTTP/1.1  200 OK\r\n\r\n"),
                malformed(status, "HTTP/1.1\t200 OK\r\n\r\n"),
                malformed(status, " HTTP/1.1 200 OK\r\n\r\n"),
                malformed(status, "HTTP/1.1\r\n\r\n"),
                malformed(status, "HTTP/1.1 \r\n\r\n"),
                malformed(status, "HTTP/1.1 20 OK\r\n\r\n"),
                malformed(status, "HTTP/1.1 2000 OK\r\n\r\n"),
                malformed(status, "HTTP/1.1 2x0 OK\r\n\r\n"),
                malformed(status, "HTTP/1.1 +20 OK\r\n\r\n"),
                malformed(status, "HTTP/1.1 -20 OK\r\n\r\n"),
                malformed(status, "HTTP/1.1 200OK\r\n\r\n"),
                malformed(status, "HTTP/1.1 200\tOK\r\n\r\n"),
                malformed(status, "POST /shop.Orders/last HTTP/1.1\r\nHost: x\r\n\r\n"),
                malformed(status, "\r\n" + GOOD),
                malformed("the status 0 does not exist", "HTTP/1.1 000 Zero\r\n\r\n"),
                malformed("the status 99 does not exist", "HTTP/1.1 099 Low\r\n\r\n"),
                malformed("the status 600 does not exist", "HTTP/1.1 600 High\r\n\r\n"),
                malformed("the status 999 does not exist", "HTTP/1.1 999 High\r\n\r\n"),
                malformed(control, "\u0015\u0003\u0001\0\u0002\u0002F"), // a TLS alert
                malformed(control, "\0\0\u0006\u0004\0\0\0\0\0"), // HTTP/2 settings
                malformed(control, "HTTP/1.1 200 O\0K\r\n\r\n"),
                malformed(control, "HTTP/1.1 200 O\u001bK\r\n\r\n"),
                malformed("a carriage return without a line feed", "HTTP/1.1 200 OK\r" + JSON + SIZED),
                malformed("a line feed without a carriage return", "HTTP/1.1 200 OK\n" + JSON + SIZED),
                malformed("more than 32768 bytes of headers", "HTTP/1.1 200 " + "x".repeat(40_000)),
                endless(Code.INTERNAL, "more than 32768 bytes of headers", "HTTP/1.1 200 ", "x"),
                good("HTTP/1.1 200\r\n" + JSON + SIZED),
                good("HTTP/1.1 200 \r\n" + JSON + SIZED),
                good("HTTP/1.1 200 \u00e4\u00ff\t!\r\n" + JSON + SIZED),
                last("HTTP/1.0 200 OK\r\n" + JSON + SIZED),
                last("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + JSON + SIZED));
    }

    static Stream<Case> headers() {
        String name = "a header without a valid name";
        String control = "a control character in a line";
        String twice = "a header continues on a second line";
        String gzip = "a Content-Encoding that was not requested";
        String coding = "a Transfer-Encoding other than chunked";
        return Stream.of(
                malformed("a line feed without a carriage return", OK + "X: a\n" + JSON + SIZED),
                malformed("a line feed without a carriage return", OK + JSON + "Content-Length: 2\n\r\n{}"),
                malformed("a carriage return without a line feed", OK + "X: a\rb\r\n" + JSON + SIZED),
                malformed(control, OK + "X: a\0b\r\n" + JSON + SIZED),
                malformed(control, OK + "X: a\u001b[2Jb\r\n" + JSON + SIZED),
                malformed(control, OK + "X: a\u007fb\r\n" + JSON + SIZED),
                malformed(control, OK + "X\0: a\r\n" + JSON + SIZED),
                malformed(twice, OK + "X: a\r\n b\r\n" + JSON + SIZED),
                malformed(twice, OK + "X: a\r\n\tb\r\n" + JSON + SIZED),
                malformed(twice, OK + " X: a\r\n" + JSON + SIZED),
                malformed(twice, OK + "X:\r\n Transfer-Encoding: chunked\r\n" + JSON + SIZED),
                malformed(name, OK + "X : a\r\n" + JSON + SIZED),
                malformed(name, OK + "X\t: a\r\n" + JSON + SIZED),
                malformed(name, OK + "X Y: a\r\n" + JSON + SIZED),
                malformed(name, OK + ": a\r\n" + JSON + SIZED),
                malformed(name, OK + "X\r\n" + JSON + SIZED),
                malformed(name, OK + "X\u00e4: a\r\n" + JSON + SIZED),
                malformed(name, OK + "X(y): a\r\n" + JSON + SIZED),
                malformed(name, OK + "X@y: a\r\n" + JSON + SIZED),
                malformed(name, OK + "Transfer-Encoding : chunked\r\n" + JSON + SIZED),
                malformed("more than 128 headers and trailers", OK + "X: y\r\n".repeat(129) + JSON + SIZED),
                malformed("more than 32768 bytes of headers", OK + "X: " + "x".repeat(40_000) + "\r\n" + JSON + SIZED),
                endless(Code.INTERNAL, "more than 128 headers and trailers", OK, "X: y\r\n"),
                endless(Code.INTERNAL, "more than 32768 bytes of headers", OK, "x"),
                malformed(gzip, OK + "Content-Encoding: gzip\r\n" + JSON + SIZED),
                malformed(gzip, OK + "Content-Encoding: br\r\n" + JSON + SIZED),
                malformed(gzip, OK + "Content-Encoding: identity, gzip\r\n" + JSON + SIZED),
                malformed(coding, OK + JSON + "Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNK),
                malformed(coding, OK + JSON + "Transfer-Encoding: chunked, gzip\r\n\r\n" + CHUNK),
                malformed(coding, OK + JSON + "Transfer-Encoding: chunked, chunked\r\n\r\n" + CHUNK),
                malformed(coding, OK + JSON + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
                malformed(coding, OK + JSON + "Transfer-Encoding: identity\r\n\r\n" + CHUNK),
                malformed(coding, OK + JSON + "Transfer-Encoding: xchunked\r\n\r\n" + CHUNK),
                malformed(coding, OK + JSON + "Transfer-Encoding: chunked;q=1\r\n\r\n" + CHUNK),
                malformed(coding, OK + JSON + "Transfer-Encoding: \"chunked\"\r\n\r\n" + CHUNK),
                malformed(coding, OK + JSON + "Transfer-Encoding:\r\n\r\n" + CHUNK),
                malformed(coding, CHUNKED.replace("HTTP/1.1", "HTTP/1.0") + CHUNK),
                good(OK + "Content-Encoding: identity\r\n" + JSON + SIZED),
                good(OK + "Content-Type:\tAPPLICATION/json ;\t charset=utf-8 \r\n" + SIZED),
                good(OK + "Connection: keep-alive\r\n" + JSON + SIZED),
                good(OK + "Connection: closed, x-close\r\n" + JSON + SIZED),
                good(OK + "Upgrade: h2c\r\nAlt-Svc: h2=\":1\"\r\nSet-Cookie: a=b\r\n" + JSON + SIZED),
                good(OK + "Treaty-Reached: no\r\nTreaty-Retry: no\r\nRetry-After: 9\r\n" + JSON + SIZED),
                last(OK + "Connection: keep-alive\r\nConnection: x , Close\r\n" + JSON + SIZED));
    }

    static Stream<Case> lengths() {
        String length = "the Content-Length is not a number";
        String both = "both Content-Length and Transfer-Encoding";
        return Stream.of(
                malformed("two different Content-Lengths", OK + JSON + "Content-Length: 2\r\n" + SIZED),
                malformed("two different Content-Lengths", OK + JSON + "Content-Length: 0\r\n" + SIZED),
                malformed(length, OK + JSON + "Content-Length: -2\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length: +2\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length: 0x2\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length: 2, 2\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length: 2 2\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length: 2.0\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length: 2;\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length: \u00b2\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length:\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length: 18446744073709551618\r\n\r\n{}"),
                malformed(length, OK + JSON + "Content-Length: 9999999999999999999\r\n\r\n{}"),
                malformed(both, OK + JSON + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK),
                malformed(both, OK + JSON + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n" + CHUNK),
                tooLarge(OK + JSON + "Content-Length: 65537\r\n\r\n"),
                tooLarge(OK + JSON + "Content-Length: 999999999999999999\r\n\r\n"),
                tooLarge(error(503, JSON, " ".repeat(65_537))),
                endless(Code.RESOURCE_EXHAUSTED, "is larger than the limit", OK + JSON + "\r\n", " "),
                good(OK + JSON + "Content-Length: " + BODY.length() + "\r\n" + SIZED),
                good(OK + JSON + "Content-Length: \t 00021 \t \r\n\r\n" + BODY),
                good(body(BODY + " ".repeat(60_000))),
                broken(
                        Code.INTERNAL,
                        "is not valid JSON: it ends in the middle",
                        OK + JSON + "Content-Length: 9\r\n\r\n" + BODY),
                fault(Code.INTERNAL, "is empty: send a JSON object", OK + JSON + "Content-Length: 0\r\n\r\n"),
                closed(OK + JSON + "\r\n" + BODY),
                closed("HTTP/1.0 200 OK\r\n" + JSON + "\r\n" + BODY),
                cut(""),
                cut("H"),
                cut(OK + JSON + "Content-Length: 22\r\n\r\n" + BODY),
                cut(CHUNKED + CHUNK),
                cut(CHUNKED + CHUNK + "0\r\n"),
                cut(CHUNKED + CHUNK + "0\r\nX: y\r\n"));
    }

    static Stream<Case> chunks() {
        String size = "a chunk size is not a hexadecimal number";
        String lineMax = "more than 32768 bytes of headers, or 256 before a chunk";
        String longer = "a chunk is longer than its size";
        String name = "a header without a valid name";
        String end = "0\r\n\r\n";
        return Stream.of(
                malformed(size, CHUNKED + "x\r\n{}\r\n" + end),
                malformed(size, CHUNKED + "\r\n{}\r\n" + end),
                malformed(size, CHUNKED + "-2\r\n{}\r\n" + end),
                malformed(size, CHUNKED + "+2\r\n{}\r\n" + end),
                malformed(size, CHUNKED + "2 \r\n{}\r\n" + end),
                malformed(size, CHUNKED + " 2\r\n{}\r\n" + end),
                malformed(size, CHUNKED + "2\t;a\r\n{}\r\n" + end),
                malformed(size, CHUNKED + "2,2\r\n{}\r\n" + end),
                malformed(size, CHUNKED + "2_\r\n{}\r\n" + end),
                malformed(size, CHUNKED + "0x2\r\n{}\r\n" + end),
                malformed(size, CHUNKED + "\u00b2\r\n{}\r\n" + end),
                malformed(size, CHUNKED + ";a=b\r\n{}\r\n" + end),
                malformed(longer, CHUNKED + "1\r\n{}\r\n" + end),
                malformed(longer, CHUNKED + "2\r\n{}" + end),
                malformed(longer, CHUNKED + "2\r\n{}\n" + end),
                malformed("a line feed without a carriage return", CHUNKED + "2\n{}\r\n" + end),
                malformed("a line feed without a carriage return", CHUNKED + CHUNK + "0\n\n"),
                malformed("a carriage return without a line feed", CHUNKED + "2;a\rb\r\n{}\r\n" + end),
                malformed("a control character in a line", CHUNKED + "2;a=\"\0\"\r\n{}\r\n" + end),
                malformed(lineMax, CHUNKED + "2;" + "x".repeat(300) + "\r\n{}\r\n" + end),
                malformed(lineMax, CHUNKED + "0".repeat(300) + "2\r\n{}\r\n" + end),
                malformed(name, CHUNKED + CHUNK + "0\r\ngarbage\r\n\r\n"),
                malformed(name, CHUNKED + CHUNK + "0\r\nX : y\r\n\r\n"),
                malformed("a header continues on a second line", CHUNKED + CHUNK + "0\r\nX: y\r\n z\r\n\r\n"),
                malformed("a control character in a line", CHUNKED + CHUNK + "0\r\nX: \0\r\n\r\n"),
                malformed("more than 128 headers and trailers", CHUNKED + CHUNK + "0\r\n" + "X: y\r\n".repeat(129)),
                malformed("more than 32768 bytes of headers", CHUNKED + CHUNK + "0\r\nX: " + "y".repeat(40_000)),
                endless(Code.INTERNAL, "more than 128 headers and trailers", CHUNKED + CHUNK + "0\r\n", "X: y\r\n"),
                endless(Code.RESOURCE_EXHAUSTED, "is larger than the limit", CHUNKED, "1\r\n \r\n"),
                endless(
                        Code.RESOURCE_EXHAUSTED,
                        "is larger than the limit",
                        CHUNKED,
                        "1;" + "x".repeat(200) + "\r\n \r\n"),
                tooLarge(CHUNKED + "10001\r\n"),
                tooLarge(CHUNKED + "7fffffff\r\n"),
                tooLarge(CHUNKED + "80000000\r\n"),
                tooLarge(CHUNKED + "ffffffff\r\n"),
                tooLarge(CHUNKED + "100000002\r\n{}\r\n" + end),
                tooLarge(CHUNKED + "10000000000000002\r\n{}\r\n" + end),
                tooLarge(CHUNKED + "8000\r\n" + " ".repeat(0x8000) + "\r\n8001\r\n"),
                good(CHUNKED + CHUNK + end),
                good(CHUNKED + CHUNK + "000\r\n\r\n"),
                good(CHUNKED + "0000000000000000" + CHUNK + end),
                good(CHUNKED + CHUNK.replace("\r\n{", ";a;b=\"c;d\"\r\n{") + "0;x\r\n\r\n"),
                good(CHUNKED.replace("chunked", "\tCHUNKED ") + CHUNK + end),
                good(CHUNKED + CHUNK + "0\r\nContent-Length: 99\r\nTransfer-Encoding: gzip\r\n\r\n"),
                good(CHUNKED + CHUNK + "0\r\nConnection: close\r\nTreaty-Reached: no\r\n\r\n"),
                good(CHUNKED + BODY.replaceAll("(.)", "1\r\n$1\r\n") + end));
    }

    static Stream<Case> interimResponses() {
        String hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
        return Stream.of(
                good("HTTP/1.1 100 Continue\r\n\r\n" + GOOD),
                good(hints.repeat(8) + GOOD),
                good("HTTP/1.1 102 X\r\nContent-Length: 5\r\n\r\n" + GOOD),
                good("HTTP/1.1 102 X\r\nTransfer-Encoding: chunked\r\n\r\n" + GOOD),
                good("HTTP/1.1 199 X\r\nTreaty-Retry: no\r\nContent-Type: text/html\r\n\r\n" + GOOD),
                malformed("more than 8 interim responses", hints.repeat(9) + GOOD),
                endless(Code.INTERNAL, "more than 8 interim responses", "", hints),
                malformed(
                        "more than 32768 bytes of headers",
                        ("HTTP/1.1 103 X\r\nX: " + "x".repeat(10_000) + "\r\n\r\n").repeat(4) + GOOD),
                malformed("it switches protocols", "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
                malformed("it switches protocols", "HTTP/1.1 101 X\r\n\r\n" + GOOD),
                cut("HTTP/1.1 100 Continue\r\n\r\n"),
                cut(hints + "HTTP/1.1 2"));
    }

    /** What follows a response must never be read as the response to the next call. */
    static Stream<Case> furtherBytes() {
        String none = "HTTP status 204";
        return Stream.of(
                last(GOOD + EVIL),
                last(GOOD + EVIL.repeat(100)),
                last(GOOD + "\r\n"),
                last(GOOD + "x"),
                last(GOOD + "HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n"),
                last(CHUNKED + CHUNK + "0\r\n\r\n" + EVIL),
                last(CHUNKED + CHUNK + "0\r\n\r\n0\r\n\r\n"),
                broken(Code.UNAVAILABLE, "HTTP status 503", error(503, "", "") + EVIL),
                broken(Code.UNKNOWN, none, "HTTP/1.1 204 X\r\n\r\n" + EVIL),
                broken(Code.UNKNOWN, none, "HTTP/1.1 204 X\r\n" + JSON + SIZED),
                broken(Code.UNKNOWN, none, "HTTP/1.1 204 X\r\nContent-Length: " + EVIL.length() + "\r\n\r\n"),
                broken(Code.UNKNOWN, none, "HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n"),
                broken(Code.UNKNOWN, "HTTP status 304", "HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n"),
                fault(Code.UNKNOWN, none, "HTTP/1.1 204 X\r\n\r\n"),
                fault(Code.UNKNOWN, none, "HTTP/1.1 204 X\r\nContent-Length: 0\r\n\r\n"),
                fault(Code.UNKNOWN, "HTTP status 205", "HTTP/1.1 205 X\r\nContent-Length: 1\r\n\r\nx"));
    }

    static Stream<Case> otherContent() {
        String other = "answered with something else than application/json";
        return Stream.of(
                fault(Code.UNKNOWN, other, error(200, "", BODY)),
                fault(Code.UNKNOWN, other, error(200, "Content-Type:\r\n", BODY)),
                fault(Code.UNKNOWN, other, error(200, "Content-Type: text/html\r\n", "<html>")),
                fault(Code.UNKNOWN, other, error(200, "Content-Type: application/jsonx\r\n", BODY)),
                fault(Code.UNKNOWN, other, error(200, "Content-Type: application/json, text/html\r\n", BODY)),
                fault(Code.UNKNOWN, other, error(200, "Content-Type: application/problem+json\r\n", BODY)),
                fault(Code.UNKNOWN, other, error(200, "Content-Type: application/connect+json\r\n", BODY)),
                fault(Code.UNKNOWN, other, error(200, "Content-Type: application/grpc\r\n", BODY)),
                fault(Code.UNKNOWN, "HTTP status 201", error(201, JSON, BODY)),
                fault(Code.UNKNOWN, "HTTP status 206", error(206, JSON + "Content-Range: bytes 0-1/9\r\n", BODY)),
                fault(Code.UNKNOWN, "HTTP status 302", error(302, "Location: http://127.0.0.1:1/\r\n", "")),
                fault(Code.UNKNOWN, "HTTP status 307", error(307, "Location: /shop.Orders/last\r\n", "")),
                fault(Code.UNKNOWN, "HTTP status 407", error(407, "Proxy-Authenticate: Basic\r\n", "")));
    }

    static Stream<Case> errors() {
        return Stream.of(
                error(Code.UNKNOWN, "HTTP status 500", 500, "{\"broken"),
                error(Code.UNKNOWN, "HTTP status 500", 500, ""),
                error(Code.UNKNOWN, "HTTP status 500", 500, "null"),
                error(Code.UNKNOWN, "HTTP status 500", 500, "[]"),
                error(Code.UNKNOWN, "HTTP status 500", 500, "7"),
                error(Code.UNKNOWN, "HTTP status 500", 500, "{}"),
                error(Code.UNKNOWN, "HTTP status 500", 500, "{\"code\":7,\"message\":\"x\"}"),
                error(Code.UNKNOWN, "HTTP status 500", 500, "{\"code\":null,\"message\":\"x\"}"),
                error(Code.UNKNOWN, "HTTP status 500", 500, "{\"code\":[\"internal\"],\"message\":\"x\"}"),
                error(Code.UNKNOWN, "HTTP status 500", 500, "{\"code\":\"internal\",\"message\":\"\u00c0\u00af\"}"),
                error(Code.UNAVAILABLE, "HTTP status 503", 503, "[".repeat(30_000)),
                error(Code.UNAVAILABLE, "HTTP status 503", 503, "{\"a\":".repeat(10_000)),
                error(Code.UNAVAILABLE, "HTTP status 503", 503, "{\"code\":" + "9".repeat(60_000) + "}"),
                error(Code.UNAVAILABLE, "shown", 503, "{\"code\":\"no_such\",\"message\":\"shown\"}"),
                error(Code.UNAVAILABLE, "shown", 503, "{\"code\":\"INTERNAL\",\"message\":\"shown\"}"),
                error(Code.UNAVAILABLE, "shown", 503, "{\"code\":\"ok\",\"message\":\"shown\"}"),
                error(Code.UNAVAILABLE, "shown", 503, "{\"code\":\"\",\"message\":\"shown\"}"),
                error(Code.INTERNAL, "HTTP status 503", 503, "{\"code\":\"internal\"}"),
                error(Code.INTERNAL, "HTTP status 503", 503, "{\"code\":\"internal\",\"message\":null}"),
                error(Code.INTERNAL, "HTTP status 503", 503, "{\"code\":\"internal\",\"message\":{\"a\":1}}"),
                error(Code.INTERNAL, "…", 503, "{\"code\":\"internal\",\"message\":\"" + "x".repeat(50_000) + "\"}"),
                error(Code.NOT_FOUND, "x", 502, "{\"code\":\"not_found\",\"message\":\"x\",\"details\":7}"),
                error(Code.INTERNAL, "field \"result\"", 200, "{\"code\":\"unavailable\",\"result\":7}"));
    }

    static Stream<Case> messages() {
        String text = ": field \"result.id\" must be a string";
        String json = " is not valid JSON";
        return Stream.of(
                json(" is empty", "   "),
                json(json + ": it ends in the middle", "{"),
                json(json + ": it ends in the middle", BODY.substring(0, BODY.length() - 1)),
                json(" must be an object", "null"),
                json(" must be an object", "[]"),
                json(" must be an object", "7"),
                json(" must be an object", "\"x\""),
                json(" must be an object", "true"),
                json(": field \"result\" must be an object", "{\"result\":[]}"),
                json(": field \"result\" must be an object", "{\"result\":\"1\"}"),
                json(": field \"result.id\" is missing", "{\"result\":{}}"),
                json(text, "{\"result\":{\"id\":7}}"),
                json(text, "{\"result\":{\"id\":true}}"),
                json(text, "{\"result\":{\"id\":{}}}"),
                json(text, "{\"result\":{\"id\":[\"1\"]}}"),
                json(" continues after the end of its JSON value", BODY + BODY),
                json(json, BODY + "x"),
                json(json, "{result:{\"id\":\"1\"}}"),
                json(json, "{'result':{'id':'1'}}"),
                json(json, "/**/" + BODY),
                json(json, "{\"result\":{\"id\":\"1\"},}"),
                json(json, "{\"result\":{\"id\":\"a\nb\"}}"),
                json(json, "{\"result\":{\"id\":\"\\x\"}}"),
                json(json, "{\"result\":{\"id\":\"\\u12\"}}"),
                json(json, "{\"x\":NaN}"),
                json(json, "{\"x\":01}"),
                json(json, "{\"x\":1.}"),
                json(json, utf8("\ufeff") + BODY.substring(1)),
                json(json, "{\0\"\0r\0"), // UTF-16
                json(json + ": it is not encoded in UTF-8", "{\"result\":{\"id\":\"\u00c0\u00af\"}}"),
                json(json + ": it is not encoded in UTF-8", "{\"result\":{\"id\":\"\u00e0\u0080\u00af\"}}"),
                json(json + ": it is not encoded in UTF-8", "{\"result\":{\"id\":\"\u00ed\u00a0\u0080\"}}"),
                json(json + ": it is not encoded in UTF-8", "{\"result\":{\"id\":\"\u00f4\u0090\u0080\u0080\"}}"),
                json(json + ": it is not encoded in UTF-8", "{\"result\":{\"id\":\"\u00ff\"}}"),
                json(json + ": it is not encoded in UTF-8", "{\"x\":\"\u00c0\u00af\",\"result\":{\"id\":\"1\"}}"),
                json(" exceeds a limit", "{\"x\":" + "[".repeat(30_000)),
                json(" exceeds a limit", "{\"x\":" + "{\"a\":".repeat(10_000)),
                json(" exceeds a limit", "{\"" + "n".repeat(60_000) + "\":1}"),
                number("5", 5),
                number("5.5", null),
                number("\"5\"", null),
                number("2147483648", null),
                number("1e999999999", null),
                number("-1e-999999999", null),
                number("1" + "0".repeat(900), null));
    }

    static Stream<Case> cases() {
        return Stream.of(
                        statusLines(),
                        headers(),
                        lengths(),
                        chunks(),
                        interimResponses(),
                        furtherBytes(),
                        otherContent(),
                        errors(),
                        messages())
                .flatMap(group -> group);
    }

    /** Loads the classes, so that they do not count as memory of a case. */
    @BeforeEach
    void warmUp() throws Exception {
        for (String response : List.of(GOOD, "x\r\n", error(500, JSON, "[["), body("[["))) {
            try (var server = new FakeServer(FakeServer.once(response))) {
                transport.connect(server.endpoint()).handle(call("last", Duration.ofMinutes(1)));
            }
        }
    }

    @AfterEach
    void close() {
        transport.close();
    }

    private static Call call(String operation, Duration timeout) {
        return new Call(
                Running.CONTRACT.name(),
                Running.CONTRACT.operation(operation).orElseThrow(),
                operation.equals("count") ? List.of(Set.of()) : List.of(),
                Running.context(timeout));
    }

    private static Call call() {
        return call("last", Duration.ofMinutes(1));
    }

    private static Fault fault(ServiceResponse<?> response) {
        assertThat(response).isInstanceOf(ServiceResponse.Failed.class);
        return ((ServiceResponse.Failed<?>) response).fault();
    }

    private static void assertNext(Transport.Connection connection) throws Exception {
        assertThat(connection.handle(call()).orThrow()).isEqualTo(Optional.of(new Shop.OrderId("next")));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void a_call_ends_with_a_result_or_a_fault_in_bounded_memory_and_the_next_call_works(Case each) throws Exception {
        try (var server = new FakeServer(each.script, FakeServer.always(NEXT))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            Call call = call(each.operation, Duration.ofMinutes(1));
            long allocated = threads.getCurrentThreadAllocatedBytes();
            ServiceResponse<?> response = connection.handle(call);
            assertThat(threads.getCurrentThreadAllocatedBytes() - allocated).isLessThan(ALLOCATED_BYTES_MAX);
            if (each.code == null) {
                assertThat(response.orThrow()).isEqualTo(each.expected);
            } else {
                assertThat(fault(response).code()).isEqualTo(each.code);
                assertThat(fault(response).message())
                        .contains((String) each.expected)
                        .hasSizeLessThan(5_000);
                assertThat(fault(response).reached()).isTrue();
            }
            assertNext(connection);
            assertThat(server.connections()).isEqualTo(each.kept ? 1 : 2);
        }
    }

    /** The headers of an error, and whether the fault says reached, retryable, and for how many seconds to wait. */
    static Stream<Arguments> hints() {
        long day = 24 * 60 * 60;
        return Stream.of(
                Arguments.of("Treaty-Reached: no", false, true, -1),
                Arguments.of("treaty-reached:NO", false, true, -1),
                Arguments.of("Treaty-Reached: yes", true, true, -1),
                Arguments.of("Treaty-Reached: no, no", true, true, -1),
                Arguments.of("Treaty-Reached:", true, true, -1),
                Arguments.of("Treaty-Retry: no", true, false, -1),
                Arguments.of("Treaty-Retry: maybe", true, true, -1),
                Arguments.of("Retry-After: 0", true, true, 0),
                Arguments.of("Retry-After: 007", true, true, 7),
                Arguments.of("Retry-After: 86401", true, true, day),
                Arguments.of("Retry-After: 999999999999999999", true, true, day),
                Arguments.of("Retry-After: 99999999999999999999", true, true, -1),
                Arguments.of("Retry-After: -1", true, true, -1),
                Arguments.of("Retry-After: 1.5", true, true, -1),
                Arguments.of("Retry-After: 1e9", true, true, -1),
                Arguments.of("Retry-After:", true, true, -1),
                Arguments.of("Retry-After: \u00b2", true, true, -1),
                Arguments.of("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", true, true, -1));
    }

    @ParameterizedTest
    @MethodSource("hints")
    void hints_in_headers_are_understood_or_ignored(String header, boolean reached, boolean retryable, long seconds)
            throws Exception {
        String response = error(503, JSON + header + "\r\n", "{\"code\":\"unavailable\",\"message\":\"later\"}");
        try (var server = new FakeServer(keep(response, NEXT))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            Optional<Duration> pause = seconds < 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds));
            assertThat(fault(connection.handle(call())))
                    .isEqualTo(new Fault(Code.UNAVAILABLE, "later", reached, retryable, pause));
            assertNext(connection);
        }
    }

    static Stream<String> silences() {
        return Stream.of(
                "",
                "HTTP/1.1 2",
                "HTTP/1.1 200 OK\r",
                OK,
                OK + JSON,
                "HTTP/1.1 100 Continue\r\n\r\n",
                OK + JSON + "\r\n" + BODY,
                OK + JSON + "Content-Length: 22\r\n\r\n" + BODY,
                CHUNKED,
                CHUNKED + "1",
                CHUNKED + CHUNK.substring(0, 9),
                CHUNKED + CHUNK,
                CHUNKED + CHUNK + "0\r\n",
                CHUNKED + CHUNK + "0\r\nX: y\r\n");
    }

    private static FakeServer.Script silentAfter(String begin, String trickled) {
        return socket -> {
            FakeServer.request(socket);
            FakeServer.send(socket, begin);
            while (!trickled.isEmpty()) {
                FakeServer.send(socket, trickled);
                Time.system().sleep(1_000_000);
            }
            FakeServer.request(socket);
        };
    }

    /** Makes a call that ends at its deadline, with more time if it was not sent within it. */
    private void assertEndsAtDeadline(FakeServer.Script script) throws Exception {
        Duration timeout = Duration.ofMillis(50);
        Fault fault;
        Call call;
        do {
            timeout = timeout.multipliedBy(4);
            try (var server = new FakeServer(script, FakeServer.always(NEXT))) {
                Transport.Connection connection = transport.connect(server.endpoint());
                call = call("last", timeout);
                fault = fault(connection.handle(call));
                assertNext(connection);
            }
        } while (!fault.reached() && timeout.toMinutes() < 1);
        assertThat(fault.code()).isEqualTo(Code.DEADLINE_EXCEEDED);
        assertThat(fault.reached()).isTrue();
        assertThat(call.context().deadline().expired(Time.system())).isTrue();
    }

    @ParameterizedTest
    @MethodSource("silences")
    void a_server_that_falls_silent_is_left_at_the_deadline(String begin) throws Exception {
        assertEndsAtDeadline(silentAfter(begin, ""));
    }

    static Stream<Arguments> trickles() {
        return Stream.of(
                Arguments.of(OK + "X: ", "x"),
                Arguments.of(OK + JSON + "\r\n", " "),
                Arguments.of(OK + JSON + "Content-Length: 60000\r\n\r\n", " "),
                Arguments.of(CHUNKED, "1\r\n \r\n"),
                Arguments.of(CHUNKED + "f000;", "x"),
                Arguments.of(CHUNKED + CHUNK + "0\r\nX: ", "x"));
    }

    @ParameterizedTest
    @MethodSource("trickles")
    void a_server_that_sends_a_byte_from_time_to_time_is_left_at_the_deadline(String begin, String trickled)
            throws Exception {
        assertEndsAtDeadline(silentAfter(begin, trickled));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_response_that_is_cut_at_any_byte_is_a_fault_and_the_next_call_works(boolean reset) throws Exception {
        String chunked = "HTTP/1.1 103 X\r\n\r\n" + CHUNKED + "3;a=b\r\n" + BODY.substring(0, 3) + "\r\n12\r\n"
                + BODY.substring(3) + "\r\n0\r\nX: y\r\n\r\n";
        String next = NEXT.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
        for (String whole : List.of(GOOD, chunked)) {
            var requests = new AtomicInteger();
            try (var server = new FakeServer(socket -> {
                FakeServer.request(socket);
                int number = requests.getAndIncrement();
                FakeServer.send(socket, number % 2 == 0 ? whole.substring(0, number / 2) : next);
                socket.setSoLinger(reset && number % 2 == 0, 0);
            })) {
                Transport.Connection connection = transport.connect(server.endpoint());
                for (int length = 0; length < whole.length(); length++) {
                    Fault fault = fault(connection.handle(call()));
                    assertThat(fault.code()).as("after " + length).isEqualTo(Code.UNAVAILABLE);
                    assertThat(fault.reached()).isTrue();
                    assertNext(connection);
                }
                assertThat(connection.handle(call()).orThrow()).isEqualTo(RESULT);
            }
        }
    }

    /** The bytes arrive while the connection is idle. */
    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "x", "HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n", "EVIL"})
    void bytes_that_arrive_on_an_idle_connection_are_never_read_as_a_response(String further) throws Exception {
        var idle = new CountDownLatch(1);
        var sent = new CountDownLatch(1);
        try (var server = new FakeServer(
                socket -> {
                    FakeServer.request(socket);
                    FakeServer.send(socket, GOOD);
                    idle.await();
                    FakeServer.send(socket, further.replace("EVIL", EVIL));
                    sent.countDown();
                    FakeServer.request(socket);
                },
                FakeServer.always(NEXT))) {
            Transport.Connection connection = transport.connect(server.endpoint());
            assertThat(connection.handle(call()).orThrow()).isEqualTo(RESULT);
            idle.countDown();
            sent.await();
            assertNext(connection);
            assertThat(server.connections()).isEqualTo(2);
        }
    }

    @Test
    void the_table_has_at_least_120_cases() {
        assertThat(cases()).hasSizeGreaterThanOrEqualTo(120);
        assertThat(cases().map(each -> each.operation + each.name)).doesNotHaveDuplicates();
    }
}
