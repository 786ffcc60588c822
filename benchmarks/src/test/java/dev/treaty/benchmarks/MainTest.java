package dev.treaty.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(arguments);
    }

    @Test
    void help_lists_the_benchmarks() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains("Benchmarks:").contains("call").contains("--quick");
    }

    @Test
    void an_unknown_name_is_told_with_the_known_ones() {
        assertThat(run("cal")).isEqualTo(2);
        assertThat(err.toString()).startsWith("treaty bench: there is no benchmark \"cal\"; there is: call, guards");
    }

    @Test
    void no_name_is_told_too() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).contains("treaty bench: name a benchmark; there is: call, guards");
    }

    @Test
    void a_file_that_cannot_be_written_is_told_before_anything_is_measured(@TempDir Path folder) {
        assertThat(run("call", "--json", folder.resolve("missing/call.json").toString()))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--json: cannot write").contains("a folder that exists");
    }

    @Test
    void nonsense_is_refused() {
        assertThat(run("call", "--callers", "0")).isEqualTo(2);
        assertThat(run("call", "--rounds", "0")).isEqualTo(2);
        assertThat(run("call", "--seconds", "0")).isEqualTo(2);
        assertThat(run("call", "--subjects", "soap")).isEqualTo(2);
        assertThat(err.toString())
                .contains("--callers 0 is out of range: use 1 to")
                .contains("--rounds 0 is out of range")
                .contains("--seconds 0 is out of range")
                .contains("there is no subject \"soap\"; there is: treaty, grpc, helidon, raw");
    }
}
