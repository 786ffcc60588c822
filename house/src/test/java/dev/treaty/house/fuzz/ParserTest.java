package dev.treaty.house.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Parsers refuse what they cannot read, and never fail otherwise: with the inputs in the corpus, and with new ones. */
class ParserTest {
    private static final Path CORPUS = Path.of("src", "test", "resources", "corpus");

    /** How long each parser gets new inputs; {@code -Dfuzz.seconds=600} for a thorough search. */
    private static final int SECONDS = Integer.getInteger("fuzz.seconds", 20);

    static Stream<Arguments> inputs() throws IOException {
        try (Stream<Path> files = Files.walk(CORPUS)) {
            return files.filter(Files::isRegularFile).sorted().toList().stream()
                    .map(file -> Arguments.argumentSet(
                            CORPUS.relativize(file).toString(),
                            Stream.of(Parser.values())
                                    .filter(each -> file.getParent().endsWith(each.directory()))
                                    .findFirst()
                                    .orElseThrow(),
                            file));
        }
    }

    @ParameterizedTest
    @MethodSource("inputs")
    void an_input_is_read_or_refused(Parser parser, Path input) throws IOException {
        parser.accept(Files.readAllBytes(input));
    }

    @ParameterizedTest
    @EnumSource
    void every_parser_has_inputs(Parser parser) throws IOException {
        try (Stream<Path> files = Files.list(CORPUS.resolve(parser.directory()))) {
            assertThat(files).isNotEmpty();
        }
    }

    /** An input that fails is printed in Base64; it belongs into the corpus. */
    @ParameterizedTest
    @EnumSource
    @Tag("long")
    void no_input_that_the_fuzzer_finds_fails(Parser parser, @TempDir Path found) throws Exception {
        Path output = found.resolve("output.txt");
        Path generated = Files.createDirectory(found.resolve("inputs"));
        int exit = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+EnableDynamicAgentLoading",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + ParserFuzzer.class.getName(),
                        "--target_args=" + parser.name(),
                        "--instrumentation_includes=dev.treaty.**",
                        "--custom_hook_excludes=**",
                        // It reports connections, which two of the parsers make.
                        "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.ServerSideRequestForgery",
                        "--reproducer_path=" + found,
                        "-artifact_prefix=" + found + "/",
                        "-max_total_time=" + SECONDS,
                        "-max_len=4096",
                        "-timeout=10",
                        "-rss_limit_mb=0",
                        generated.toString(),
                        CORPUS.resolve(parser.directory()).toString()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();
        List<String> lines = Files.readAllLines(output, UTF_8);
        assertThat(exit)
                .as("%s", String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size())))
                .isZero();
    }
}
