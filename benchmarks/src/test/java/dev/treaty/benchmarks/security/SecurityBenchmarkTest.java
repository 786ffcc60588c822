package dev.treaty.benchmarks.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Report.Row;
import dev.treaty.benchmarks.Report.Spread;
import dev.treaty.benchmarks.Target;
import dev.treaty.security.TokenPolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SecurityBenchmarkTest {
    private static final long SECOND = 1_000_000_000;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return new CommandLine(new SecurityBenchmark())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    @Test
    void measures_every_check_and_every_flood(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("security.json");
        assertThat(run("--quick", "--json=" + file)).as(err.toString()).isZero();
        assertThat(out.toString()).contains("Target token.checks.time").contains("Target busy.handshakes.useful");
        JsonNode json = JsonMapper.builder().build().readTree(Files.readString(file));
        assertThat(StreamSupport.stream(json.at("/rows").spliterator(), false)
                        .map(row -> row.get("subject").asString() + "."
                                + row.get("setting").asString()))
                .contains("token.checks", "new-rs256.checks", "rules-100.checks", "alone.alone")
                .contains("flood.identity", "share.tokens", "busy.handshakes");
        assertThat(json.at("/ratios/busy.tokens.useful").asDouble()).isPositive();
        JsonNode flood = StreamSupport.stream(json.at("/rows").spliterator(), false)
                .filter(row -> row.get("subject").asString().equals("flood"))
                .filter(row -> row.get("setting").asString().equals("tokens"))
                .findFirst()
                .orElseThrow()
                .get("figures");
        assertThat(flood.get("accepted").asDouble()).isZero();
        assertThat(flood.get("signatures").asDouble())
                .isBetween(1.0, 2.0 * TokenPolicy.Limits.STANDARD.failuresPerSecond());
    }

    @Test
    void a_flood_of_tokens_counts_the_signatures_that_were_checked() {
        var outcome = new Flood.Outcome(Map.of(401, 20L, 429, 980L, -1, 7L), SECOND, 2 * SECOND);
        assertThat(SecurityBenchmark.figures(Flood.TOKENS, outcome))
                .isEqualTo(Map.of("floodCpu", 0.5, "sent", 500.0, "accepted", 0.0, "signatures", 10.0));
        assertThat(SecurityBenchmark.figures(Flood.BURN, outcome)).isEqualTo(Map.of("floodCpu", 0.5));
    }

    @Test
    void a_forged_token_differs_in_its_id_alone() {
        String token = "head." + base64("{\"sub\":\"ann\",\"jti\":\"abc\",\"aud\":\"x\"}") + ".signature";
        assertThat(Flood.forged(token, 7))
                .isEqualTo("head." + base64("{\"sub\":\"ann\",\"jti\":\"forged7\",\"aud\":\"x\"}") + ".signature");
    }

    private static String base64(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void a_missed_target_is_named() {
        Report report = Target.judge(
                new Report(
                        "security",
                        List.of(),
                        List.of(),
                        List.of(new Row("token", "checks", Map.of("time", new Spread(900, 880, 950)))),
                        Map.of("busy.tokens.useful", 0.5)),
                SecurityBenchmark.TARGETS);
        assertThat(report.about())
                .hasSize(2)
                .anyMatch(line -> line.matches("Target token.checks.time +at most +2000.0: +900.0  met"))
                .anyMatch(line -> line.matches("Target busy.tokens.useful +at least +0.9: +0.5  MISSED"));
    }

    @Test
    void nonsense_is_refused() {
        assertThat(run("--part", "soap")).isEqualTo(2);
        assertThat(err.toString()).contains("--part soap is unknown: use checks, floods");
    }
}
