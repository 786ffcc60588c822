package dev.treaty.http;

import static dev.treaty.http.Http1Cases.LAST;
import static dev.treaty.http.Http1Cases.SMUGGLED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Raw requests by the requirements of RFC 9112 and RFC 9110, and what attackers send. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Http1ConformanceTest {
    /** Larger requests are sent in pieces of this size instead of single bytes. */
    private static final int PIECE = 1_021;

    /** The size of a piece that is the whole request. */
    private static final int WHOLE = Integer.MAX_VALUE;

    /** What fits into a record of TLS. A client of Java reads no response after it could not write. */
    private static final int RECORD_BYTES_MAX = 16 << 10;

    private static final int SINGLE_BYTES_MAX = 4_000;

    /** Shows that the connection was open, and closes it. */
    private static final byte[] FURTHER = Http1Cases.bytes(LAST.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));

    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger smuggled = new AtomicInteger();
    private final TestTls tls = TestTls.of(Running.CONTRACT.name().value());
    private Running running;
    private Running encrypted;

    @BeforeAll
    void open() {
        var options = HttpServerOptions.STANDARD.bodyBytesMax(200_000);
        running = new Running(options, HttpTransportOptions.STANDARD);
        encrypted = new Running(options, HttpTransportOptions.STANDARD, tls, tls);
        Handler counting = call -> {
            boolean last = call.operation().name().equals("last");
            (last ? calls : smuggled).incrementAndGet();
            return ServiceResponse.<Object>ok(last ? Optional.empty() : null);
        };
        running.host(counting);
        encrypted.host(counting);
    }

    @AfterAll
    void close() {
        running.close();
        encrypted.close();
    }

    /** A response. */
    private record Answer(int status, String head) {
        boolean has(String header) {
            return head.contains("\r\n" + header + "\r\n");
        }
    }

    static Stream<Arguments> cases() {
        return Http1Cases.all().map(each -> Arguments.argumentSet(each.name(), each));
    }

    /** All cases but large ones, and those whose target has the scheme of unencrypted connections. */
    static Stream<Arguments> casesOverTls() {
        return Http1Cases.all()
                .filter(each -> each.bytes().length > 0)
                .filter(each -> each.bytes().length + SMUGGLED.length + FURTHER.length < RECORD_BYTES_MAX)
                .filter(each -> !new String(each.bytes(), StandardCharsets.ISO_8859_1)
                        .toLowerCase(Locale.ROOT)
                        .contains("http://"))
                .map(each -> Arguments.argumentSet(each.name(), each));
    }

    @Test
    void there_are_enough_cases() {
        assertThat(Http1Cases.all().map(Http1Cases.Case::name))
                .doesNotHaveDuplicates()
                .hasSizeGreaterThanOrEqualTo(170);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void each_request_is_answered_as_specified(Http1Cases.Case each) throws IOException {
        check(each, each.bytes().length, connect());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void each_request_is_answered_the_same_if_its_bytes_arrive_one_by_one(Http1Cases.Case each) throws IOException {
        check(each, each.bytes().length > SINGLE_BYTES_MAX ? PIECE : 1, connect());
    }

    @ParameterizedTest
    @MethodSource("casesOverTls")
    void each_request_is_answered_the_same_over_tls(Http1Cases.Case each) throws IOException {
        check(
                each,
                WHOLE,
                tls.context()
                        .getSocketFactory()
                        .createSocket(
                                InetAddress.getLoopbackAddress(),
                                encrypted.server.endpoint().port()));
    }

    private Socket connect() throws IOException {
        return new Socket(
                InetAddress.getLoopbackAddress(), running.server.endpoint().port());
    }

    private void check(Http1Cases.Case each, int piece, Socket connected) throws IOException {
        calls.set(0);
        smuggled.set(0);
        List<Answer> answers;
        try (Socket socket = connected) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(10_000);
            byte[] next = each.ends() ? new byte[0] : each.open() ? FURTHER : SMUGGLED;
            if (piece == WHOLE) { // in one record
                byte[] both = Arrays.copyOf(each.bytes(), each.bytes().length + next.length);
                System.arraycopy(next, 0, both, each.bytes().length, next.length);
                write(socket.getOutputStream(), both, both.length);
            } else {
                write(socket.getOutputStream(), each.bytes(), piece);
                write(socket.getOutputStream(), next, Math.max(1, next.length));
            }
            if (each.ends()) {
                socket.shutdownOutput();
            }
            answers = answers(readAll(socket.getInputStream()), each.head());
        }
        List<Integer> expected = new ArrayList<>(each.statuses());
        if (each.open()) {
            expected.add(200);
        }
        assertThat(answers).extracting(Answer::status).as("statuses").isEqualTo(expected);
        assertThat(answers).filteredOn(answer -> answer.status() != 100).allSatisfy(answer -> {
            assertThat(answer.head())
                    .containsPattern("\r\nDate: \\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT\r\n");
            assertThat(answer.head()).containsOnlyOnce("\r\nContent-Length: ");
        });
        for (int i = 0; i < answers.size(); i++) {
            Answer answer = answers.get(i);
            boolean closes = i == answers.size() - 1;
            assertThat(answer.has("Connection: close"))
                    .as("closes after %s", answer)
                    .isEqualTo(closes);
            if (answer.status() >= 400) {
                assertThat(answer.has("Treaty-Reached: no"))
                        .as("was not reached")
                        .isTrue();
            }
        }
        long succeeded = expected.stream().filter(status -> status == 200).count();
        assertThat(calls).as("calls that ran").hasValueLessThanOrEqualTo((int) succeeded);
        assertThat(smuggled)
                .as("requests in bodies or after refused requests that ran")
                .hasValue(0);
    }

    private static void write(OutputStream out, byte[] bytes, int piece) {
        try {
            for (int i = 0; i < bytes.length; i += piece) {
                out.write(bytes, i, Math.min(piece, bytes.length - i));
            }
        } catch (IOException e) {
            // The server has closed the connection; what it has answered can be read.
        }
    }

    private static byte[] readAll(InputStream in) throws IOException {
        var all = new ByteArrayOutputStream();
        in.transferTo(all);
        return all.toByteArray();
    }

    private static List<Answer> answers(byte[] bytes, boolean firstHasNoBody) {
        String rest = new String(bytes, StandardCharsets.ISO_8859_1);
        var answers = new ArrayList<Answer>();
        while (!rest.isEmpty()) {
            assertThat(rest).startsWith("HTTP/1.1 ").contains("\r\n\r\n");
            int end = rest.indexOf("\r\n\r\n") + 4;
            String head = rest.substring(0, end);
            int length = firstHasNoBody && answers.isEmpty() ? 0 : length(head);
            answers.add(new Answer(Integer.parseInt(head.substring(9, 12)), head));
            rest = rest.substring(end + length);
        }
        return answers;
    }

    private static int length(String head) {
        return head.lines()
                .filter(line -> line.startsWith("Content-Length: "))
                .mapToInt(line -> Integer.parseInt(line.substring("Content-Length: ".length())))
                .findFirst()
                .orElse(0);
    }

    @Test
    void many_pipelined_requests_are_answered_in_their_order() throws IOException, InterruptedException {
        int count = 500;
        List<Integer> statuses = new ArrayList<>(IntStream.range(0, count)
                .map(i -> i % 3 == 1 ? 404 : 200)
                .boxed()
                .toList());
        List<Integer> requests = List.copyOf(statuses);
        statuses.add(200);
        try (var socket = new Socket(
                InetAddress.getLoopbackAddress(), running.server.endpoint().port())) {
            socket.setSoTimeout(10_000);
            Thread writer = Thread.startVirtualThread(() -> {
                try {
                    for (int status : requests) {
                        write(
                                socket.getOutputStream(),
                                Http1Cases.bytes(status == 200 ? LAST : LAST.replace("last", "none")),
                                PIECE);
                    }
                    write(socket.getOutputStream(), FURTHER, PIECE);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(answers(readAll(socket.getInputStream()), false))
                    .extracting(Answer::status)
                    .isEqualTo(statuses);
            writer.join();
        }
        assertThat(smuggled).hasValue(0);
    }
}
