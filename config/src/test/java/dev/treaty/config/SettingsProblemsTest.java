package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Bad configurations, and to the letter what is said about them. */
class SettingsProblemsTest {

    record Bad(String what, String yaml, Map<String, String> environment, List<String> problems) {}

    private static Bad file(String what, String yaml, String... problems) {
        return new Bad(what, yaml, Map.of(), List.of(problems));
    }

    private static Bad variable(String name, String value, String... problems) {
        return new Bad(name + "=" + value, "services: {shop.Orders: {}}", Map.of(name, value), List.of(problems));
    }

    static List<String> problems(String yaml, Map<String, String> environment) {
        return catchThrowableOfType(
                        ConfigurationException.class, () -> Settings.parse("treaty.yaml", yaml, environment))
                .problems()
                .stream()
                .map(Problem::toString)
                .toList();
    }

    private static final List<Bad> TABLE = List.of(
            file(
                    "a word for a number",
                    """
                    services:
                      shop.Orders:
                        retry:
                          attempts: many
                    """,
                    "treaty.yaml:4:17: services.shop.Orders.retry.attempts: \"many\" is not a whole number; write for"
                            + " example 3"),
            variable(
                    "TREATY_SERVR_PORT",
                    "80",
                    "TREATY_SERVR_PORT: no setting has this variable; did you mean TREATY_SERVER_PORT?"));

    @TestFactory
    Stream<DynamicTest> everyProblemIsToldWithItsPlace() {
        return TABLE.stream()
                .map(bad -> DynamicTest.dynamicTest(
                        bad.what,
                        () -> assertThat(problems(bad.yaml, bad.environment)).containsExactlyElementsOf(bad.problems)));
    }
}
