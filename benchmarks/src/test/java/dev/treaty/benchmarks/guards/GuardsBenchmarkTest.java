package dev.treaty.benchmarks.guards;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.benchmarks.Report;
import dev.treaty.benchmarks.Report.Row;
import dev.treaty.benchmarks.Report.Spread;
import dev.treaty.benchmarks.Target;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class GuardsBenchmarkTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return new CommandLine(new GuardsBenchmark())
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    @Test
    void measures_in_processes_of_their_own(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("guards.json");
        int code = run(
                "--settings=full,memory",
                "--subjects=treaty,failsafe",
                "--threads=1",
                "--rounds=1",
                "--seconds=1",
                "--json=" + file);
        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString()).contains("Target treaty.full.t1.time").contains("failsafe.full.t1");
        JsonNode json = JsonMapper.builder().build().readTree(Files.readString(file));
        assertThat(StreamSupport.stream(json.at("/rows").spliterator(), false)
                        .map(row -> row.get("subject").asString() + "."
                                + row.get("setting").asString()))
                .contains("treaty.full.t1", "treaty-count.full.t1", "failsafe.full.t1", "treaty.memory");
        assertThat(json.at("/ratios/failsafe.full.t1.time").asDouble()).isPositive();
        assertThat(json.at("/ratios/failsafe.memory.memory").asDouble()).isPositive();
    }

    @Test
    void every_benchmark_has_its_place() {
        List<Measured> all = Measured.all();
        assertThat(all).allSatisfy(one -> assertThat(Measured.SETTINGS).containsAll(one.settings()));
        assertThat(all.stream().flatMap(one -> one.settings().stream()).distinct())
                .containsExactlyInAnyOrderElementsOf(Measured.SETTINGS);
        assertThat(Measured.SETTINGS.subList(2, Measured.SETTINGS.size()))
                .allSatisfy(setting -> assertThat(all)
                        .anyMatch(one -> one.subject().equals(Measured.OWN)
                                && one.settings().contains(setting)));
    }

    @Test
    void a_target_is_met_or_missed() {
        Report report = Target.judge(
                new Report(
                        "guards",
                        List.of("How."),
                        List.of(),
                        List.of(new Row("treaty", "full.t1", Map.of("time", new Spread(60, 58, 61)))),
                        Map.of("sentinel.full.t1.time", 5.5)),
                GuardsBenchmark.TARGETS);
        assertThat(report.about())
                .hasSize(3)
                .anyMatch(line -> line.matches("Target treaty.full.t1.time +at most +75.0: +60.0  met"))
                .anyMatch(line -> line.matches("Target sentinel.full.t1.time +at least +6.0: +5.5  MISSED"));
    }

    @Test
    void nonsense_is_refused() {
        assertThat(run("--threads", "0")).isEqualTo(2);
        assertThat(run("--rounds", "0")).isEqualTo(2);
        assertThat(run("--seconds", "0")).isEqualTo(2);
        assertThat(run("--settings", "soap")).isEqualTo(2);
        assertThat(run("--subjects", "soap")).isEqualTo(2);
        assertThat(err.toString())
                .contains("--threads 0 is out of range: use 1 to 64")
                .contains("--rounds 0 is out of range")
                .contains("--seconds 0 is out of range")
                .contains("there is no setting \"soap\"; there is: direct, clock,")
                .contains("leave nothing to measure; subjects are: failsafe, floor, netflix,");
    }
}
