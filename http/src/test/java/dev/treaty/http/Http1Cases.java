package dev.treaty.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Raw requests of HTTP/1.1 with what a server answers; see RFC 9112 and RFC 9110. */
final class Http1Cases {
    /** The headers that each call has. */
    private static final String HEADERS = "Host: localhost\r\nContent-Type: application/json\r\n";

    private static final String LINE = "POST /shop.Orders/last HTTP/1.1\r\n";
    private static final String POST = LINE + HEADERS;
    private static final String BODY = "Content-Length: 2\r\n\r\n{}";

    /** A valid call. */
    static final String LAST = POST + BODY;

    private static final String CANCEL =
            "POST /shop.Orders/cancel HTTP/1.1\r\n" + HEADERS + "Content-Length: 10\r\n\r\n" + "{\"id\":\"1\"}";

    /** A call that must never run: each refused request is followed by it, and bodies contain it. */
    static final byte[] SMUGGLED = bytes(CANCEL);

    private Http1Cases() {}

    /**
     * What is sent on one connection, and what the server answers.
     *
     * @param statuses of the responses, in order
     * @param open whether the connection stays open, so that a further request is answered
     * @param ends whether the client then ends its side of the connection
     */
    record Case(String name, String request, List<Integer> statuses, boolean open, boolean ends) {
        byte[] bytes() {
            return Http1Cases.bytes(request);
        }

        /** Whether the first response has no body. */
        boolean head() {
            return request.startsWith("HEAD ");
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static byte[] bytes(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The connection stays open. */
    private static Case open(String name, String request, Integer... statuses) {
        return new Case(name, request, Arrays.asList(statuses), true, false);
    }

    /** The connection closes after the responses, and nothing that follows runs. */
    private static Case closed(String name, String request, Integer... statuses) {
        return new Case(name, request + CANCEL, Arrays.asList(statuses), false, false);
    }

    /** A malformed request. */
    private static Case refused(String name, String request) {
        return closed(name, request, 400);
    }

    /** The client ends its side of the connection before the end of its request. */
    private static Case ended(String name, String request, Integer... statuses) {
        return new Case(name, request, Arrays.asList(statuses), false, true);
    }

    /** A call with further headers. */
    private static String with(String headers) {
        return POST + headers + "\r\n" + BODY;
    }

    private static String chunked(String body) {
        return POST + "Transfer-Encoding: chunked\r\n\r\n" + body;
    }

    /** A call with one valid chunk after another size line. */
    private static String sized(String line) {
        return chunked(line + "\r\n{}\r\n0\r\n\r\n");
    }

    private static String coded(String codings) {
        return POST + codings + "\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    }

    private static String length(String value) {
        return POST + "Content-Length:" + value + "\r\n\r\n{}";
    }

    private static String line(String line) {
        return line + "\r\n" + HEADERS + BODY;
    }

    private static String host(String headers) {
        return LINE + headers + "Content-Type: application/json\r\n" + BODY;
    }

    /** All cases. */
    static Stream<Case> all() {
        return Stream.of(
                        requestLines(),
                        targets(),
                        versions(),
                        hosts(),
                        fields(),
                        lengths(),
                        codings(),
                        chunks(),
                        extensions(),
                        trailers(),
                        expectations(),
                        connections(),
                        bodies(),
                        limits())
                .flatMap(group -> group);
    }

    /** RFC 9112 section 2.2 and 3. */
    private static Stream<Case> requestLines() {
        return Stream.of(
                open("a call", LAST, 200),
                open("an empty line before the request", "\r\n" + LAST, 200),
                open("several empty lines before the request", "\r\n\r\n\r\n" + LAST, 200),
                open("an empty line between requests", LAST + "\r\n" + LAST, 200, 200),
                open("a method that is not known", line("BREW /shop.Orders/last HTTP/1.1"), 405),
                open("a method in lower case, which is another one", line("post /shop.Orders/last HTTP/1.1"), 405),
                open("GET of an operation", "GET /shop.Orders/last HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
                open("HEAD of a page", "HEAD /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
                open("HEAD of an operation", "HEAD /shop.Orders/last HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
                open("HEAD with a body", "HEAD /-/health HTTP/1.1\r\n" + HEADERS + BODY, 405),
                open("GET with a body", "GET /-/health HTTP/1.1\r\n" + HEADERS + BODY, 200),
                open("DELETE with a body", line("DELETE /shop.Orders/last HTTP/1.1"), 405),
                open("TRACE", "TRACE /shop.Orders/last HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
                refused("two spaces after the method", line("POST  /shop.Orders/last HTTP/1.1")),
                refused("two spaces before the version", line("POST /shop.Orders/last  HTTP/1.1")),
                refused("a tab after the method", line("POST\t/shop.Orders/last HTTP/1.1")),
                refused("a tab before the version", line("POST /shop.Orders/last\tHTTP/1.1")),
                refused("a vertical tab after the method", line("POST\013/shop.Orders/last HTTP/1.1")),
                refused("a form feed before the version", line("POST /shop.Orders/last\fHTTP/1.1")),
                refused("a carriage return as a separator", line("POST\r/shop.Orders/last HTTP/1.1")),
                refused("a space before the method", line(" POST /shop.Orders/last HTTP/1.1")),
                refused("a tab before the method", line("\tPOST /shop.Orders/last HTTP/1.1")),
                refused("a space after the version", line("POST /shop.Orders/last HTTP/1.1 ")),
                refused("a fourth word", line("POST /shop.Orders/last HTTP/1.1 x")),
                refused("a space in the target", line("POST /shop.Orders/la st HTTP/1.1")),
                refused("no version", line("POST /shop.Orders/last")),
                refused("no version, as in HTTP/0.9", "GET /\r\n\r\n"),
                refused("a method alone", line("POST")),
                refused("a line of one space", " \r\n" + HEADERS + "\r\n"),
                refused("a delimiter in the method", line("PO(ST /shop.Orders/last HTTP/1.1")),
                refused("a slash in the method", line("PO/ST /shop.Orders/last HTTP/1.1")),
                refused("a colon in the method", line("POST: /shop.Orders/last HTTP/1.1")),
                refused("a control character in the method", line("PO\1ST /shop.Orders/last HTTP/1.1")),
                refused("a character beyond ASCII in the method", line("P\u00D6ST /shop.Orders/last HTTP/1.1")),
                refused("NUL before the method", line("\0POST /shop.Orders/last HTTP/1.1")),
                refused("NUL in the method", line("PO\0ST /shop.Orders/last HTTP/1.1")),
                refused("a line feed alone after the request line", LINE.replace("\r\n", "\n") + HEADERS + BODY),
                refused("a carriage return alone after the request line", LINE.replace("\r\n", "\r") + HEADERS + BODY),
                refused(
                        "a carriage return before the end of the line",
                        LINE.replace("\r\n", "\r\r\n") + HEADERS + BODY),
                refused("lines that end with line feeds alone", LAST.replace("\r\n", "\n")),
                refused("the beginning of a TLS handshake", "\026\3\1\2\0\1\0\1\374\3\3\r\n\r\n"),
                closed("an incomplete preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n", 505),
                ended("nothing", ""),
                ended("a part of a method", "PO"),
                ended("a request line alone", LINE, 400),
                ended("a part of the headers", POST, 400));
    }

    /** RFC 9112 section 3.2. */
    private static Stream<Case> targets() {
        return Stream.of(
                open("a query", line("POST /shop.Orders/last?a=b&c HTTP/1.1"), 200),
                open("the absolute form", line("POST http://localhost/shop.Orders/last HTTP/1.1"), 200),
                open("the absolute form with a port", line("POST http://localhost:80/shop.Orders/last HTTP/1.1"), 200),
                open("the absolute form in upper case", line("POST HTTP://LOCALHOST/shop.Orders/last HTTP/1.1"), 200),
                open("the absolute form of another host", line("POST http://other/shop.Orders/last HTTP/1.1"), 200),
                open("the absolute form without a path", line("POST http://localhost HTTP/1.1"), 404),
                open("the absolute form without a path, with a query", line("POST http://localhost?a HTTP/1.1"), 404),
                open("the asterisk form", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
                open("OPTIONS of an operation", "OPTIONS /shop.Orders/last HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
                open("an unknown path", line("POST /nothing HTTP/1.1"), 404),
                open("an encoded path", line("POST /shop.Orders/l%61st HTTP/1.1"), 404),
                open("a path with dots", line("POST /../shop.Orders/last HTTP/1.1"), 404),
                open("a path with two slashes", line("POST //shop.Orders/last HTTP/1.1"), 404),
                open("encoded line ends in the path", line("POST /a%0d%0aHost:%20b HTTP/1.1"), 404),
                refused("the absolute form of another scheme", line("POST ftp://localhost/shop.Orders/last HTTP/1.1")),
                refused("the absolute form with a user", line("POST http://u@localhost/shop.Orders/last HTTP/1.1")),
                refused("the absolute form without a host", line("POST http:///shop.Orders/last HTTP/1.1")),
                refused("a target without a slash", line("POST shop.Orders/last HTTP/1.1")),
                refused("the asterisk form for another method", line("POST * HTTP/1.1")),
                refused("a fragment", line("POST /shop.Orders/last#a HTTP/1.1")),
                refused("a control character in the target", line("POST /shop.Orders/\1last HTTP/1.1")),
                refused("a delete character in the target", line("POST /shop.Orders/\177last HTTP/1.1")),
                refused("NUL in the target", line("POST /shop.Orders/\0last HTTP/1.1")),
                refused("a character beyond ASCII in the target", line("POST /shop.Orders/l\u00E4st HTTP/1.1")),
                closed("CONNECT", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", 501),
                open("CONNECT with a path", "CONNECT /shop.Orders/last HTTP/1.1\r\nHost: localhost\r\n\r\n", 405));
    }

    /** RFC 9112 section 2.3, RFC 9110 section 2.5. */
    private static Stream<Case> versions() {
        String one = "POST /shop.Orders/last HTTP/1.0\r\n";
        return Stream.of(
                closed("HTTP/1.0", one + HEADERS + BODY, 200),
                closed("HTTP/1.0 without a host", one + "Content-Type: application/json\r\n" + BODY, 200),
                closed("HTTP/1.0 with keep-alive", one + HEADERS + "Connection: keep-alive\r\n" + BODY, 200),
                closed("HTTP/1.0 with an expectation", one + HEADERS + "Expect: 100-continue\r\n" + BODY, 200),
                closed(
                        "HTTP/1.0 with chunks",
                        coded("Transfer-Encoding: chunked").replace("/1.1", "/1.0"),
                        400),
                closed(
                        "HTTP/1.0 with chunks and a length",
                        coded("Content-Length: 2\r\nTransfer-Encoding: chunked").replace("/1.1", "/1.0"),
                        400),
                closed("HTTP/1.0 with the same length twice", one + HEADERS + "Content-Length: 2\r\n" + BODY, 200),
                closed("HTTP/1.0 with two lengths", one + HEADERS + "Content-Length: 3\r\n" + BODY, 400),
                closed("HTTP/1.0 with a list of lengths", length(" 2, 2").replace("/1.1", "/1.0"), 400),
                closed("HTTP/1.2", line("POST /shop.Orders/last HTTP/1.2"), 505),
                closed("HTTP/2.0", line("POST /shop.Orders/last HTTP/2.0"), 505),
                closed("HTTP/3.0", line("POST /shop.Orders/last HTTP/3.0"), 505),
                closed("HTTP/0.9", line("POST /shop.Orders/last HTTP/0.9"), 505),
                refused("a version in lower case", line("POST /shop.Orders/last http/1.1")),
                refused("a version in mixed case", line("POST /shop.Orders/last Http/1.1")),
                refused("a version of two digits", line("POST /shop.Orders/last HTTP/1.11")),
                refused("a version with a leading zero", line("POST /shop.Orders/last HTTP/01.1")),
                refused("a version without a dot", line("POST /shop.Orders/last HTTP/11")),
                refused("a version with a comma", line("POST /shop.Orders/last HTTP/1,1")),
                refused("a version without digits", line("POST /shop.Orders/last HTTP/")),
                refused("a version with a sign", line("POST /shop.Orders/last HTTP/+1.1")),
                refused("another protocol", line("POST /shop.Orders/last RTSP/1.1")),
                refused("a version with a vertical tab", line("POST /shop.Orders/last HTTP/1.1\013")));
    }

    /** RFC 9112 section 3.2, RFC 9110 section 7.2. */
    private static Stream<Case> hosts() {
        return Stream.of(
                open("a host with a port", host("Host: localhost:8080\r\n"), 200),
                open("a host in upper case", host("HOST: LOCALHOST\r\n"), 200),
                open("an empty host", host("Host:\r\n"), 200),
                open("an address of IPv6", host("Host: [::1]:80\r\n"), 200),
                open("a host without a space", host("Host:localhost\r\n"), 200),
                open("a host with spaces around it", host("Host: \t localhost \t \r\n"), 200),
                refused("no host", host("")),
                refused("no host with the absolute form", host("").replace(" /shop", " http://localhost/shop")),
                refused("two hosts", host("Host: localhost\r\nHost: other\r\n")),
                refused("the same host twice", host("Host: localhost\r\nHost: localhost\r\n")),
                refused("two hosts in different cases", host("Host: localhost\r\nhost: other\r\n")),
                refused("a list of hosts", host("Host: localhost, other\r\n").replace(", ", " , ")),
                refused("a space in the host", host("Host: local host\r\n")),
                refused("a path in the host", host("Host: localhost/path\r\n")),
                refused("a user in the host", host("Host: user@localhost\r\n")),
                refused("a fragment in the host", host("Host: localhost#a\r\n")),
                refused("a query in the host", host("Host: localhost?a\r\n")),
                refused("a port of letters", host("Host: localhost:http\r\n")),
                refused("two ports", host("Host: localhost:80:80\r\n")),
                refused("an open bracket", host("Host: [::1\r\n")),
                refused("a character beyond ASCII in the host", host("Host: l\u00F6cal\r\n")));
    }

    /** RFC 9112 section 5, RFC 9110 section 5. */
    private static Stream<Case> fields() {
        return Stream.of(
                open("an unknown field", with("X-Any: a"), 200),
                open("an empty field", with("X-Any:"), 200),
                open("a field with a tab", with("X-Any:\ta\tb\t"), 200),
                open("a field with all characters of a token", with("!#$%&'*+-.^_`|~09azAZ: a"), 200),
                open("a field with a character beyond ASCII", with("X-Any: \u00E4\u00FF"), 200),
                open("a field twice", with("X-Any: a\r\nX-Any: b"), 200),
                open("fields in lower case", LAST.replace("Content-Length", "content-length"), 200),
                open("fields in upper case", LAST.replace("Content-Type", "CONTENT-TYPE"), 200),
                refused("a space before the colon", with("X-Any : a")),
                refused("a tab before the colon", with("X-Any\t: a")),
                refused("a space before the colon of the length", LAST.replace("Length:", "Length :")),
                refused("a space before the colon of the coding", coded("Transfer-Encoding : chunked")),
                refused("a vertical tab before the colon of the coding", coded("Transfer-Encoding\013: chunked")),
                refused("a space in a name", with("X Any: a")),
                refused("an empty name", with(": a")),
                refused("no colon", with("X-Any")),
                refused("a delimiter in a name", with("X(Any: a")),
                refused("a quote in a name", with("\"X-Any\": a")),
                refused("a character beyond ASCII in a name", with("X-\u00C4ny: a")),
                refused("a control character in a name", with("X-\1ny: a")),
                refused("NUL in a name", with("X-\0ny: a")),
                refused("NUL in a value", with("X-Any: a\0b")),
                refused("a carriage return in a value", with("X-Any: a\rb")),
                refused("a carriage return before a smuggled length", with("X-Any: a\rContent-Length: 200")),
                refused("a carriage return at the end of a value", with("X-Any: a\r")),
                refused("a line feed alone after a field", POST + "X-Any: a\n" + BODY),
                refused("a smuggled field after a line feed", with("X-Any: a\nTransfer-Encoding: chunked")),
                refused("a line feed alone after the headers", LAST.replace("\r\n\r\n", "\r\n\n")),
                refused("two line feeds after the headers", LAST.replace("\r\n\r\n", "\n\n")),
                refused("a vertical tab in a value", with("X-Any: a\013b")),
                refused("a control character in a value", with("X-Any: a\1b")),
                refused("a delete character in a value", with("X-Any: a\177b")),
                refused("a folded field", with("X-Any: a\r\n b")),
                refused("a field folded with a tab", with("X-Any: a\r\n\tb")),
                refused("an empty fold", with("X-Any: a\r\n ")),
                refused("a folded connection option", with("Connection:\r\n close")),
                closed("a fold after pipelined calls", LAST + LAST + with("X-Any: a\r\n b"), 200, 200, 400),
                refused("a fold with a control character", with("X-Any: a\r\n b\0")),
                refused("a folded coding", coded("Transfer-Encoding:\r\n chunked")),
                refused("a folded length", length("\r\n 2")),
                refused("a folded host", host("Host:\r\n localhost\r\n")),
                refused("a fold after the request line", LINE + " X-Any: a\r\n" + HEADERS + BODY),
                refused("a tab after the request line", LINE + "\tX-Any: a\r\n" + HEADERS + BODY),
                refused("a line of spaces before the headers", LINE + "  \r\n" + HEADERS + BODY),
                refused("a line of spaces after the headers", POST + "Content-Length: 0\r\n  \r\n\r\n"));
    }

    /** RFC 9112 section 6.2 and 6.3. */
    private static Stream<Case> lengths() {
        return Stream.of(
                open("a length with leading zeros", length(" 0002"), 200),
                open("a length without a space", length("2"), 200),
                open("spaces around a length", length(" \t2\t "), 200),
                open("no length, hence no body", POST + "\r\n", 400),
                open("a length of zero", POST + "Content-Length: 0\r\n\r\n", 400),
                refused("two different lengths", with("Content-Length: 3")),
                refused("the same length twice", with("Content-Length: 2")),
                refused("a length in another case as well", with("content-length: 20")),
                refused("a list of the same length", length(" 2, 2")),
                refused("a list of lengths", length(" 2, 20")),
                refused("a list with an empty length", length(" 2,")),
                refused("a length with a plus sign", length(" +2")),
                refused("a negative length", length(" -2")),
                refused("a length of minus zero", length(" -0")),
                refused("a hexadecimal length", length(" 0x2")),
                refused("a length with a letter", length(" 2a")),
                refused("a length with a fraction", length(" 2.0")),
                refused("a length with an underscore", length(" 1_0")),
                refused("a quoted length", length(" \"2\"")),
                refused("an empty length", length(" ")),
                refused("a length of two words", length(" 2 2")),
                refused("a length beyond 64 bits", length(" 18446744073709551618")),
                refused("a length beyond 63 bits", length(" 9223372036854775808")),
                refused("a length of other digits", length(" \u00B2")),
                refused("a length with a vertical tab", length(" \0132")),
                refused("a length with a comment", length(" 2;a")),
                closed("a length beyond the limit", length(" 200001"), 429),
                closed("a length beyond 32 bits", length(" 4294967298"), 429),
                ended("a part of a body", POST + "Content-Length: 20\r\n\r\n{"));
    }

    /** RFC 9112 section 6.1 and 6.3. */
    private static Stream<Case> codings() {
        return Stream.of(
                open("chunked", coded("Transfer-Encoding: chunked"), 200),
                open("chunked in mixed case", coded("Transfer-Encoding: CHUNKed"), 200),
                open("spaces around chunked", coded("Transfer-Encoding: \t chunked \t"), 200),
                open("a TE field", with("TE: trailers\r\nConnection: TE"), 200),
                open("the content coding identity", with("Content-Encoding: identity"), 200),
                open("another content coding", with("Content-Encoding: br"), 501),
                refused("a length and chunked", coded("Content-Length: 2\r\nTransfer-Encoding: chunked")),
                refused("chunked and a length", coded("Transfer-Encoding: chunked\r\nContent-Length: 2")),
                refused("chunked and a length of zero", coded("Transfer-Encoding: chunked\r\nContent-Length: 0")),
                refused("chunked and an invalid length", coded("Transfer-Encoding: chunked\r\nContent-Length: x")),
                refused("a length and gzip", coded("Content-Length: 2\r\nTransfer-Encoding: gzip")),
                refused("a length and identity", POST + "Transfer-Encoding: identity\r\n" + BODY),
                refused("chunked twice", coded("Transfer-Encoding: chunked, chunked")),
                refused("chunked in two fields", coded("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
                refused("chunked before gzip", coded("Transfer-Encoding: chunked, gzip")),
                refused("chunked before identity", coded("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")),
                closed("gzip before chunked", coded("Transfer-Encoding: gzip, chunked"), 501),
                closed(
                        "gzip and chunked in two fields",
                        coded("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
                        501),
                closed("identity before chunked", coded("Transfer-Encoding: identity, chunked"), 501),
                refused("gzip", coded("Transfer-Encoding: gzip")),
                refused("identity", coded("Transfer-Encoding: identity")),
                refused("an unknown coding", coded("Transfer-Encoding: xchunked")),
                refused("a coding that begins with chunked", coded("Transfer-Encoding: chunkedx")),
                refused("chunked and a vertical tab", coded("Transfer-Encoding: \013chunked")),
                refused("chunked and a form feed", coded("Transfer-Encoding: chunked\f")),
                refused("chunked and a carriage return", coded("Transfer-Encoding: chunked\r")),
                refused("chunked and NUL", coded("Transfer-Encoding: chunked\0")),
                refused("chunked and a space beyond ASCII", coded("Transfer-Encoding: chunked\u00A0")),
                refused("quoted chunked", coded("Transfer-Encoding: \"chunked\"")),
                refused("chunked with a parameter", coded("Transfer-Encoding: chunked;a=b")),
                refused("chunked without a comma", coded("Transfer-Encoding: gzip chunked")),
                refused("a semicolon instead of a comma", coded("Transfer-Encoding: gzip; chunked")),
                refused("an empty coding", coded("Transfer-Encoding:")),
                refused("an empty coding and a length", POST + "Transfer-Encoding:\r\n" + BODY),
                closed("an empty coding before chunked", coded("Transfer-Encoding: , chunked"), 501),
                refused(
                        "an underscore instead of the hyphen",
                        chunked("2\r\n{}\r\n0\r\n\r\n")
                                .replace("r-E", "r_E")
                                .replace("\r\n\r\n2", "\r\nContent-Length: x\r\n\r\n2")));
    }

    /** RFC 9112 section 7.1. */
    private static Stream<Case> chunks() {
        return Stream.of(
                open("several chunks", chunked("1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"), 200),
                open("a size in lower case", chunked("a\r\n{        }\r\n0\r\n\r\n"), 200),
                open("a size in upper case", chunked("A\r\n{        }\r\n0\r\n\r\n"), 200),
                open("a size with leading zeros", sized("0002"), 200),
                open("a size with many leading zeros", sized("0".repeat(40) + "2"), 200),
                open("a last chunk of many zeros", chunked("2\r\n{}\r\n00000\r\n\r\n"), 200),
                open("no chunks but the last one", chunked("0\r\n\r\n"), 400),
                open("data that looks like the last chunk", chunked("9\r\n{ \r\n0\r\n\r\n\r\n0\r\n\r\n"), 400),
                open("a request as data", chunked(hex(CANCEL) + "\r\n" + CANCEL + "\r\n0\r\n\r\n"), 400),
                refused("a size with a plus sign", sized("+2")),
                refused("a plus sign and a letter", sized("+d")),
                refused("a size with a minus sign", sized("-2")),
                open("many small chunks", chunked("1\r\n \r\n".repeat(4_000) + "2\r\n{}\r\n0\r\n\r\n"), 200),
                open(
                        "many chunks with content",
                        chunked("8\r\n        \r\n".repeat(20_000) + "2\r\n{}\r\n0\r\n\r\n"),
                        200),
                refused("more small chunks", chunked("1\r\n \r\n".repeat(10_000) + "2\r\n{}\r\n0\r\n\r\n")),
                refused("small chunks without an end", chunked("1\r\n \r\n".repeat(10_000))),
                open(
                        "long extensions",
                        chunked(("2;" + "x".repeat(1_000) + "\r\n  \r\n").repeat(15) + "2\r\n{}\r\n0\r\n\r\n"),
                        200),
                refused(
                        "more long extensions",
                        chunked(("2;" + "x".repeat(1_000) + "\r\n  \r\n").repeat(20) + "2\r\n{}\r\n0\r\n\r\n")),
                refused("minus zero", chunked("-0\r\n\r\n")),
                refused("a minus sign alone", sized("-")),
                refused("a size with 0x", sized("0x2")),
                refused("a size with a letter that is no digit", sized("2g")),
                refused("a size with an underscore", sized("0_2")),
                refused("a size with a fraction", sized("2.0")),
                refused("an empty size", sized("")),
                refused("an empty size with an extension", sized(";a=b")),
                refused("a space before the size", sized(" 2")),
                refused("a tab before the size", sized("\t2")),
                refused("a space after the size", sized("2 ")),
                refused("a tab after the size", sized("2\t")),
                refused("a vertical tab after the size", sized("2\013")),
                refused("a carriage return after the size", sized("2\r")),
                refused("NUL after the size", sized("2\0")),
                refused("a space in the size", sized("0 2")),
                refused("a comma after the size", sized("2,")),
                refused("a quoted size", sized("\"2\"")),
                refused("digits beyond ASCII", sized("\u00B2")),
                refused("a size beyond 31 bits", sized("80000000")),
                refused("a size beyond 32 bits", sized("100000002")),
                refused("a size beyond 64 bits", sized("10000000000000002")),
                refused("a size of many digits", sized("f".repeat(100))),
                refused("a line feed alone after the size", chunked("2\n{}\r\n0\r\n\r\n")),
                refused("a carriage return alone after the size", chunked("2\r{}\r\n0\r\n\r\n")),
                refused("a line feed alone after the data", chunked("2\r\n{}\n0\r\n\r\n")),
                refused("a carriage return alone after the data", chunked("2\r\n{}\r0\r\n\r\n")),
                refused("no line end after the data", chunked("2\r\n{}0\r\n\r\n")),
                refused("two bytes instead of the line end", chunked("2\r\n{}xx0\r\n\r\n")),
                refused("data longer than its size", chunked("2\r\n{ }\r\n0\r\n\r\n")),
                refused("data shorter than its size", chunked("5\r\n{}\r\n0\r\n\r\n")),
                refused("a line feed alone after the last chunk", chunked("2\r\n{}\r\n0\n\r\n")),
                refused("line feeds alone at the end", chunked("2\r\n{}\r\n0\r\n\n")),
                closed("chunks beyond the limit", chunked("30d41\r\n" + " ".repeat(200_001) + "\r\n0\r\n\r\n"), 429),
                closed("a size beyond the limit", chunked("7fffffff\r\n" + " ".repeat(200_001)), 429),
                ended("no last chunk", chunked("2\r\n{}\r\n")),
                ended("a part of a chunk", chunked("20\r\n{}\r\n")),
                ended("no end of the trailers", chunked("2\r\n{}\r\n0\r\n")));
    }

    private static String hex(String data) {
        return Integer.toHexString(data.length());
    }

    /** RFC 9112 section 7.1.1. */
    private static Stream<Case> extensions() {
        return Stream.of(
                open("an extension", sized("2;a=b"), 200),
                open("an extension without a value", sized("2;a"), 200),
                open("several extensions", sized("2;a=b;c;d=e"), 200),
                open("spaces around an extension", sized("2 ; a = b"), 200),
                open("a quoted extension", sized("2;a=\"b\""), 200),
                open("a quoted semicolon", sized("2;a=\"b;c\""), 200),
                open("a quoted quote", sized("2;a=\"b\\\"c\""), 200),
                open("a quoted space", sized("2;a=\"b c\""), 200),
                open("an extension of the last chunk", chunked("2\r\n{}\r\n0;a=b\r\n\r\n"), 200),
                open("an extension without a name, ignored", sized("2;"), 200),
                open("a value without a name, ignored", sized("2;=b"), 200),
                refused("an extension without a value after the sign", sized("2;a=")),
                refused("a line feed in an extension", chunked("2;a\nb\r\n{}\r\n0\r\n\r\n")),
                refused("a line feed in a quoted extension", chunked("2;a=\"b\nc\"\r\n{}\r\n0\r\n\r\n")),
                refused("a line feed after an extension", chunked("2;a\n{}\r\n0\r\n\r\n")),
                refused("a smuggled chunk after a line feed", chunked("2;\nxx\r\n5f\r\n0\r\n\r\n")),
                refused("a carriage return in an extension", sized("2;a\rb")),
                refused("a carriage return in a quoted extension", sized("2;a=\"b\rc\"")),
                refused("a quoted line end", chunked("2;a=\"\r\n{}\r\n0\r\n\r\n\"\r\n")),
                refused("an open quote", sized("2;a=\"b")),
                refused("NUL in an extension", sized("2;a\0b")),
                refused("a control character in an extension", sized("2;a=\1")),
                refused("a control character in a quoted extension", sized("2;a=\"\1\"")),
                refused("text after a quoted extension", sized("2;a=\"b\"c")),
                refused("a line feed in the extension of the last chunk", chunked("2\r\n{}\r\n0;a\nb\r\n\r\n")),
                refused("a long extension", sized("2;a=" + "b".repeat(70_000))));
    }

    /** RFC 9112 section 7.1.2, RFC 9110 section 6.5. */
    private static Stream<Case> trailers() {
        return Stream.of(
                open("a trailer", chunked("2\r\n{}\r\n0\r\nX-Any: a\r\n\r\n"), 200),
                open("several trailers", chunked("2\r\n{}\r\n0\r\nX-Any: a\r\nX-Other: b\r\n\r\n"), 200),
                open("a length as a trailer, ignored", chunked("2\r\n{}\r\n0\r\nContent-Length: 200\r\n\r\n"), 200),
                open("a coding as a trailer, ignored", chunked("2\r\n{}\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n"), 200),
                open("a host as a trailer, ignored", chunked("2\r\n{}\r\n0\r\nHost: other\r\n\r\n"), 200),
                refused("a trailer without a colon", chunked("2\r\n{}\r\n0\r\nX-Any\r\n\r\n")),
                refused("a request as a trailer", chunked("2\r\n{}\r\n0\r\n" + CANCEL)),
                refused("a space before the colon of a trailer", chunked("2\r\n{}\r\n0\r\nX-Any : a\r\n\r\n")),
                refused("NUL in a trailer", chunked("2\r\n{}\r\n0\r\nX-Any: a\0\r\n\r\n")),
                refused("a carriage return in a trailer", chunked("2\r\n{}\r\n0\r\nX-Any: a\rb\r\n\r\n")),
                refused("a line feed alone after a trailer", chunked("2\r\n{}\r\n0\r\nX-Any: a\n\r\n")),
                refused("a fold before the trailers", chunked("2\r\n{}\r\n0\r\n X-Any: a\r\n\r\n")),
                closed(
                        "trailers beyond the limit",
                        chunked("2\r\n{}\r\n0\r\nX-Any: " + "a".repeat(70_000) + "\r\n\r\n"),
                        431));
    }

    /** RFC 9110 section 10.1.1. */
    private static Stream<Case> expectations() {
        return Stream.of(
                open("an expectation", with("Expect: 100-continue"), 100, 200),
                open("an expectation in upper case", with("EXPECT: 100-CONTINUE"), 100, 200),
                open(
                        "an expectation with chunks",
                        coded("Expect: 100-continue\r\nTransfer-Encoding: chunked"),
                        100,
                        200),
                open("an expectation without a body", POST + "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", 400),
                open("another expectation", POST + "Expect: 200-ok\r\n" + BODY, 417),
                open("two expectations", POST + "Expect: 100-continue, 200-ok\r\n" + BODY, 417),
                closed(
                        "an expectation of an unknown operation",
                        with("Expect: 100-continue").replace("last", "none"),
                        404),
                closed(
                        "an expectation of a body beyond the limit",
                        POST + "Expect: 100-continue\r\nContent-Length: 200001\r\n\r\n",
                        429));
    }

    /** RFC 9112 section 9. */
    private static Stream<Case> connections() {
        return Stream.of(
                open("two pipelined calls", LAST + LAST, 200, 200),
                open("five pipelined calls", LAST.repeat(5), 200, 200, 200, 200, 200),
                open("a pipelined call after chunks", sized("2") + LAST, 200, 200),
                open("a pipelined call after a rejected one", line("POST /nothing HTTP/1.1") + LAST, 404, 200),
                open("a pipelined call after an invalid one", LAST.replace("{}", "{x") + LAST, 400, 200),
                open("a call after HEAD", "HEAD /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n" + LAST, 405, 200),
                open("a call after OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n" + LAST, 200, 200),
                open("keep-alive", with("Connection: keep-alive"), 200),
                open("a connection option that is not known", with("Connection: x-any, keep-alive"), 200),
                open(
                        "an upgrade to HTTP/2, ignored",
                        with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"),
                        200),
                open("an upgrade to WebSocket, ignored", with("Connection: Upgrade\r\nUpgrade: websocket"), 200),
                open(
                        "keys of an old WebSocket, which once announced eight bytes",
                        "GET /-/health HTTP/1.1\r\nHost: localhost\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
                                + "Sec-WebSocket-Key1: 1\r\nSec-WebSocket-Key2: 2\r\n\r\n" + LAST,
                        200,
                        200),
                closed("close", with("Connection: close"), 200),
                closed("close in upper case", with("Connection: CLOSE"), 200),
                closed("close in a list", with("Connection: x-any, close"), 200),
                closed("close in a second field", with("Connection: x-any\r\nConnection: close"), 200),
                closed("close after a call", LAST + with("Connection: close"), 200, 200),
                closed("a malformed request after a call", LAST + "POST\r\n\r\n", 200, 400),
                closed(
                        "a rejected request with close",
                        with("Connection: close").replace("last", "none"),
                        404));
    }

    /** Requests in bodies, of requests that are answered before or after their bodies are read. */
    private static Stream<Case> bodies() {
        String body = "Content-Length: " + CANCEL.length() + "\r\n\r\n" + CANCEL;
        String large = "Content-Length: " + (100_000 + CANCEL.length()) + "\r\n\r\n";
        String spaces = " ".repeat(100_000);
        return Stream.of(
                open("a request in a body", POST + body, 400),
                open("a request in the body of an unknown operation", (POST + body).replace("/last", "/none"), 404),
                open(
                        "a request in the body of GET",
                        (POST + body).replace("POST /shop.Orders/last", "GET /-/health"),
                        200),
                open("a request in the body of a wrong type", POST.replace("json", "xml") + body, 415),
                open(
                        "a request in the body of a page",
                        (POST + body).replaceFirst("/shop.Orders/last", "/-/none"),
                        405),
                open(
                        "a request in the body of OPTIONS",
                        (POST + body).replaceFirst("POST /shop.Orders/last", "OPTIONS *"),
                        200),
                open(
                        "a request in the body of HEAD",
                        (POST + body).replaceFirst("POST /shop.Orders/last", "HEAD /-/health"),
                        405),
                closed(
                        "a request in a large body of an unknown operation",
                        POST.replace("/last", "/none") + large + CANCEL + spaces,
                        404),
                closed(
                        "a request after a large body of an unknown operation",
                        POST.replace("/last", "/none") + large + spaces + CANCEL,
                        404),
                closed(
                        "a request in chunks of an unknown operation",
                        chunked("5\r\nabcde\r\n" + CANCEL).replaceFirst("/last", "/none"),
                        404),
                closed(
                        "a request in a body beyond the limit",
                        POST + "Content-Length: 300000\r\n\r\n" + CANCEL.repeat(3),
                        429),
                open("a large body", POST + "Content-Length: 100002\r\n\r\n{" + spaces + "}", 200),
                open("a large body in small chunks", chunked(chunksOf("{" + " ".repeat(20_000) + "}", 7)), 200));
    }

    private static String chunksOf(String body, int size) {
        var chunks = new StringBuilder();
        IntStream.iterate(0, i -> i < body.length(), i -> i + size).forEach(i -> {
            String part = body.substring(i, Math.min(i + size, body.length()));
            chunks.append(hex(part)).append("\r\n").append(part).append("\r\n");
        });
        return chunks + "0\r\n\r\n";
    }

    /** RFC 9112 section 3 and RFC 9110 section 5.4 and 15.5. */
    private static Stream<Case> limits() {
        return Stream.of(
                open("a long target", line("POST /shop.Orders/last?" + "a".repeat(8_000) + " HTTP/1.1"), 200),
                open("a long field", with("X-Any: " + "a".repeat(8_000)), 200),
                open("many fields", with("X: a\r\n".repeat(1_000).strip()), 200),
                closed("a target that is too long", line("POST /" + "a".repeat(70_000) + " HTTP/1.1"), 414),
                closed("a method that is too long", line("P".repeat(70_000) + " /shop.Orders/last HTTP/1.1"), 414),
                closed("a field that is too long", with("X-Any: " + "a".repeat(70_000)), 431),
                closed("a name that is too long", with("a".repeat(70_000) + ": a"), 431),
                closed("too many fields", with("X-Any: aaaaa\r\n".repeat(2_000).strip()), 431));
    }
}
