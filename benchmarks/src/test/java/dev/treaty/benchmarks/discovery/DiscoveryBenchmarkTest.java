package dev.treaty.benchmarks.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DiscoveryBenchmarkTest {
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return new CommandLine(new DiscoveryBenchmark())
                .setOut(new PrintWriter(new StringWriter()))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    @Test
    void measures_every_figure(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("discovery.json");

        assertThat(run(
                        "--quick",
                        "--subjects",
                        "treaty,etcd,zookeeper,curator",
                        "--instances",
                        "200",
                        "--watchers",
                        "5",
                        "--json",
                        file.toString()))
                .isZero();

        JsonNode rows =
                JsonMapper.builder().build().readTree(Files.readString(file)).at("/rows");
        JsonNode table = rows.get(0).at("/figures");
        assertThat(table.at("/renewals").asDouble()).isPositive();
        assertThat(table.at("/lookupAllocation").asDouble()).isZero();
        assertThat(table.at("/updateAllocation").asDouble())
                .as("bytes of a change among 10,000")
                .isLessThan(8_192);
        var settings = new TreeMap<String, Set<String>>();
        rows.forEach(row -> {
            String setting = row.at("/setting").asString();
            settings.computeIfAbsent(setting, _ -> new TreeSet<>())
                    .add(row.at("/subject").asString());
            if (setting.equals("memory")) {
                // of a heap that others use too: so few instances may cost less than was cleared meanwhile
                assertThat(row.at("/figures/memory").isNumber()).as("%s", row).isTrue();
            } else if (!setting.startsWith("table")) {
                assertThat(row.at("/figures/seenP50").asDouble()).as("%s", row).isPositive();
            }
        });
        assertThat(settings.get("oneWatcher")).containsExactly("curator", "etcd", "treaty", "zookeeper");
        assertThat(settings.keySet()).contains("watchers5", "sockets5", "clients5", "memory");
    }

    @Test
    void nonsense_is_refused() {
        assertThat(run("--watchers", "0")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(run("--instances", "7")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(run("--subjects", "pigeons")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(err.toString())
                .contains("--watchers 0 is out of range: use 1 to 10000")
                .contains("there is: treaty, etcd, zookeeper, curator, eureka");
    }
}
