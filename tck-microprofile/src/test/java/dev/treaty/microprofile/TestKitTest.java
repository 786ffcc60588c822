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

/** Every test of the kit passes, or is in the list of those that are expected to fail, with a reason. */
class TestKitTest {
    private static final int TESTS = 418;

    /** Most of the kit's tests wait for real time to pass, so that the processors have room for several. */
    private static final int PROCESSES = 6;

    /** How often what surprises is looked at again. */
    private static final int AGAIN_MAX = 5;

    @TestFactory
    Stream<DynamicTest> everyTestOfTheKit() throws IOException, InterruptedException {
        Map<String, String> expected = expectedFailures();
        Map<String, KitResult> results = byName(KitProcess.run(TestKit.classes(), PROCESSES, "all"));
        // The kit measures real time, and a busy machine can spoil that: what surprises is looked at again, alone.
        for (int i = 1; i <= AGAIN_MAX; i++) {
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
                    .as(test + " passes: take it out of expected-failures.txt, and count again in"
                            + " docs/microprofile-tck.md")
                    .isNull();
        } else if (reason == null) {
            fail(test + ": " + result.problem());
        } else {
            Assumptions.abort("expected: " + reason);
        }
    }

    @Test
    void theListOfExpectedFailuresNamesTestsOfTheKit() throws IOException {
        assertThat(all())
                .hasSize(TESTS)
                .doesNotHaveDuplicates()
                .containsAll(expectedFailures().keySet());
    }

    @Test
    void theDocumentationTellsHowManyPassAndWhyTheOthersDoNot() throws IOException {
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

    /** The reason for each test that is expected to fail: a line beginning with a hash mark, before its tests. */
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
