package dev.treaty.microprofile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Runs every test of the kit, which passes or is in the list of expected failures with a reason. */
class TestKitTest {
    private static final int TESTS = 418;

    /** Most tests of the kit wait for real time to pass, so several processes share the processors. */
    private static final int PROCESSES = 6;

    /** How often unexpected failures are repeated. */
    private static final int REPEATS_MAX = 5;

    @TestFactory
    Stream<DynamicTest> every_test_of_the_kit_has_the_expected_result() throws IOException, InterruptedException {
        Map<String, String> expected = expectedFailures();
        Map<String, KitResult> results = byName(KitProcess.run(TestKit.classes(), PROCESSES, "all"));
        // The kit measures real time, which fails on a busy machine: unexpected failures are repeated alone.
        for (int i = 1; i <= REPEATS_MAX; i++) {
            List<String> again = TestKit.classes().stream()
                    .filter(type -> TestKit.tests(type).stream()
                            .anyMatch(test -> !expected.containsKey(test) && !passed(results, test)))
                    .toList();
            if (again.isEmpty()) {
                break;
            }
            Map<String, KitResult> alone = byName(KitProcess.run(again, 1, "again-" + i));
            alone.forEach((test, result) -> results.merge(test, result, (one, two) -> one.passed() ? one : two));
        }
        return all().map(test -> dynamicTest(test, () -> judge(test, results.get(test), expected.get(test))));
    }

    private static boolean passed(Map<String, KitResult> results, String test) {
        KitResult result = results.get(test);
        return result != null && result.passed();
    }

    private static void judge(String test, KitResult result, String reason) {
        assertThat(result).as("the result of " + test).isNotNull();
        if (result.passed()) {
            assertThat(reason)
                    .as(test + " passes: remove it from expected-failures.txt, and update the numbers in"
                            + " docs/microprofile-tck.md")
                    .isNull();
        } else if (reason == null) {
            fail(test + ": " + result.problem());
        } else {
            Assumptions.abort("expected: " + reason);
        }
    }

    @Test
    void expected_failures_are_tests_of_the_kit() throws IOException {
        assertThat(all())
                .hasSize(TESTS)
                .doesNotHaveDuplicates()
                .containsAll(expectedFailures().keySet());
    }

    @Test
    void the_documentation_contains_the_numbers_and_the_expected_failures() throws IOException {
        Map<String, String> expected = expectedFailures();
        assertThat(Files.readString(Path.of("../docs/microprofile-tck.md")))
                .contains((TESTS - expected.size()) + " of " + TESTS)
                .contains(expected.keySet());
    }

    private static Stream<String> all() {
        return TestKit.classes().stream().flatMap(type -> TestKit.tests(type).stream());
    }

    private static Map<String, KitResult> byName(List<KitResult> results) {
        Map<String, KitResult> byName = new TreeMap<>();
        // A test that ran twice in one process must have passed twice.
        results.forEach(result -> byName.merge(result.test(), result, (one, two) -> one.passed() ? two : one));
        return byName;
    }

    /** Returns the reason of each expected failure: a line that starts with a hash mark, before its tests. */
    private static Map<String, String> expectedFailures() throws IOException {
        Map<String, String> failures = new LinkedHashMap<>();
        try (InputStream in = TestKitTest.class.getResourceAsStream("/expected-failures.txt")) {
            String reason = "";
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                if (line.startsWith("#")) {
                    reason = line.substring(1).strip();
                } else if (!line.isBlank()) {
                    failures.put(line.strip(), reason);
                }
            }
        }
        return new HashMap<>(failures);
    }
}
