package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.Time;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The conformance suite h2spec, with its strict cases, against the server. */
@Tag("long") // a case that fails is only known after a timeout, which must be generous
class H2SpecTest {
    /** Cases that fail, with the reasons. */
    private static final Map<String, String> EXCLUDED = Map.of(
            "http2/3.5: Sends invalid connection preface",
            "the port also serves HTTP/1.1, in which the request is answered with 400 before the connection closes",
            "http2/5.1: half closed (remote): Sends a HEADERS frame",
            "the stream is reset with PROTOCOL_ERROR, since the frame is invalid as a trailer as well",
            "http2/5.1: closed: Sends a HEADERS frame",
            "the stream is reset with STREAM_CLOSED and the connection stays: the frame may be one that the client sent"
                    + " before it received the end of the stream",
            "http2/5.1.1: Sends stream identifier that is numerically smaller than previous",
            "the stream is reset with STREAM_CLOSED, as one that has been closed: Netty keeps no closed streams",
            "http2/8.1: Sends a second HEADERS frame without the END_STREAM flag",
            "the page refuses the method with the first frame; if its answer is sent before the second one arrives,"
                    + " that is ignored, as the stream has ended");

    /** A case in a report of JUnit's format. */
    private static final Pattern CASE = Pattern.compile(
            "<testcase package=\"(?<section>[^\"]*)\" classname=\"(?<name>[^\"]*)\"[^>]*>(?<result>.*?)</testcase>",
            Pattern.DOTALL);

    /** More than a slow machine needs for an answer. */
    private static final int TIMEOUT_SECONDS = 10;

    @TempDir
    private Path folder;

    @Test
    void the_server_conforms_to_http_2() throws Exception {
        Path h2spec = h2spec().orElse(null);
        Assumptions.assumeTrue(
                h2spec != null,
                "h2spec is missing: go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible");
        Path report = folder.resolve("report.xml");
        Path output = folder.resolve("output.txt");
        try (var running = new Running()) {
            // Requests must still be open when the next frame arrives.
            running.server.page("/-/slow", "text/plain", H2SpecTest::slow);
            Process process = new ProcessBuilder(
                            h2spec.toString(),
                            "--host=127.0.0.1",
                            "--port=" + running.server.endpoint().port(),
                            "--path=/-/slow",
                            "--timeout=" + TIMEOUT_SECONDS,
                            "--strict",
                            "--junit-report=" + report)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            process.waitFor();
        }
        Map<String, Boolean> passed = passed(report);
        List<String> failed = new ArrayList<>();
        passed.forEach((name, succeeded) -> {
            if (!succeeded) {
                failed.add(name);
            }
        });
        assertThat(passed).as("cases").hasSizeGreaterThanOrEqualTo(140);
        assertThat(EXCLUDED.keySet()).as(() -> text(output)).containsAll(failed);
    }

    private static byte[] slow() {
        try {
            Time.system().sleep(Duration.ofMillis(20).toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return "slow\n".getBytes(StandardCharsets.US_ASCII);
    }

    private static Optional<Path> h2spec() {
        Stream<Path> folders = Stream.concat(
                Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
                        .map(Path::of),
                Stream.of(Path.of(System.getProperty("user.home"), "go", "bin")));
        return folders.map(each -> each.resolve("h2spec"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Returns the cases of a report, and whether they passed; several have the same name. */
    private static Map<String, Boolean> passed(Path report) {
        var cases = new LinkedHashMap<String, Boolean>();
        CASE.matcher(text(report)).results().forEach(each -> {
            String name = each.group("section") + ": " + each.group("name").replace("&#34;", "\"");
            boolean succeeded = !each.group("result").contains("<failure")
                    && !each.group("result").contains("<error");
            cases.merge(name, succeeded, Boolean::logicalAnd);
        });
        return cases;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
