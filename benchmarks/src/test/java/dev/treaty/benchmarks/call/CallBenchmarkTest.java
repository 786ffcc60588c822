package dev.treaty.benchmarks.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CallBenchmarkTest {
    @Test
    void measures_every_subject_in_processes_of_its_own(@TempDir Path folder) throws IOException {
        JsonNode json = measured(folder.resolve("call.json"), 3);
        assertThat(StreamSupport.stream(json.at("/rows").spliterator(), false)
                        .map(row -> row.get("subject").asString() + "."
                                + row.get("setting").asString()))
                .containsExactlyInAnyOrder(
                        "treaty.c1", "grpc.c1", "helidon.c1", "raw.c1", "treaty.c4", "grpc.c4", "helidon.c4", "raw.c4");
        for (JsonNode row : json.at("/rows")) {
            assertThat(row.at("/figures/errors").asDouble()).as(row.toString()).isZero();
            for (String figure : new String[] {"throughput", "p50", "p99", "cpu", "allocation"}) {
                assertThat(row.at("/figures/" + figure).asDouble())
                        .as(row.toString())
                        .isPositive();
            }
        }
        for (String peer : new String[] {"grpc", "helidon", "raw"}) {
            for (String setting : new String[] {"c1", "c4"}) {
                for (String figure : new String[] {"throughput", "p50", "p99", "cpu", "allocation"}) {
                    assertThat(json.at("/ratios/" + peer + "." + setting + "." + figure)
                                    .asDouble())
                            .isPositive();
                }
            }
        }
    }

    /** Measures, and again where calls failed: a machine that stalls has some take longer than they may. */
    private static JsonNode measured(Path file, int times) throws IOException {
        var out = new StringWriter();
        int code = new CommandLine(new CallBenchmark())
                .setOut(new PrintWriter(out))
                .execute("--seconds", "5", "--rounds", "1", "--callers", "1,4", "--json", file.toString());

        assertThat(code).isZero();
        assertThat(out.toString()).contains("grpc.c4", "raw.c1").doesNotContain("was not that order");
        JsonNode json = JsonMapper.builder().build().readTree(Files.readString(file));
        boolean failed = StreamSupport.stream(json.at("/rows").spliterator(), false)
                .anyMatch(row -> row.at("/figures/errors").asDouble() > 0);
        return failed && times > 1 ? measured(file, times - 1) : json;
    }

    @Test
    void what_ends_before_its_time_is_told_with_its_last_words() throws IOException {
        try (var worker = WorkerProcess.start("server", "soap")) {
            assertThatThrownBy(worker::port)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("the process of soap's server ended before its time")
                    .hasMessageContaining("there is no subject \"soap\"");
        }
    }
}
