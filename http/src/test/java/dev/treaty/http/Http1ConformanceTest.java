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
import java.util.List;
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

    private static final int SINGLE_BYTES_MAX = 4_000;

    /** Shows that the connection was open, and closes it. */
    private static final byte[] FURTHER = Http1Cases.bytes(LAST.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));

    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger smuggled = new AtomicInteger();
    private Running running;

    @BeforeAll
    void open() {
        running = new Running(HttpServerOptions.STANDARD.bodyBytesMax(200_000), HttpTransportOptions.STANDARD);
        Handler counting = call -> {
            boolean last = call.operation().name().equals("last");
            (last ? calls : smuggled).incrementAndGet();
            return ServiceResponse.<Object>ok(last ? Optional.empty() : null);
        };
        running.host(counting);
    }

    @AfterAll
    void close() {
        running.close();
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

    @Test
    void there_are_enough_cases() {
        assertThat(Http1Cases.all().map(Http1Cases.Case::name))
                .doesNotHaveDuplicates()
                .hasSizeGreaterThanOrEqualTo(170);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void each_request_is_answered_as_specified(Http1Cases.Case each) throws IOException {
        check(each, each.bytes().length);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void each_request_is_answered_the_same_if_its_bytes_arrive_one_by_one(Http1Cases.Case each) throws IOException {
        check(each, each.bytes().length > SINGLE_BYTES_MAX ? PIECE : 1);
    }

    private void check(Http1Cases.Case each, int piece) throws IOException {
        calls.set(0);
        smuggled.set(0);
        List<Answer> answers;
        try (var socket = new Socket(
                InetAddress.getLoopbackAddress(), running.server.endpoint().port())) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(10_000);
            write(socket.getOutputStream(), each.bytes(), piece);
            if (each.ends()) {
                socket.shutdownOutput();
            } else {
                byte[] next = each.open() ? FURTHER : SMUGGLED;
                write(socket.getOutputStream(), next, next.length);
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
