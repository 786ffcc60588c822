package dev.treaty.house;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.house.planted.Allowed;
import dev.treaty.house.planted.Banned;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SimulatedCodeTest {

    /** The modules that also run inside the simulator, where time, chance and the order of threads are its own. */
    private static final List<String> SIMULATED = List.of("core", "resilience", "balance", "registry", "facade");

    /** The one place that asks the machine for the time. */
    private static final Pattern SYSTEM_TIME =
            Pattern.compile("dev/treaty/core/time/(\\w*SystemTime|Time\\$|RandomSource).*\\.class");

    @Test
    void simulated_code_takes_time_and_chance_from_its_constructor() {
        List<String> findings = new ArrayList<>();
        for (String module : SIMULATED) {
            for (Path file : Repository.compiled(module)) {
                if (!SYSTEM_TIME.matcher(Repository.name(file)).find()) {
                    findings.addAll(BannedCalls.in(Repository.bytes(file)));
                }
            }
        }
        new Rule(
                        "The modules " + SIMULATED + " run inside the simulator, so they make none of these calls:",
                        "take what is needed as a constructor's parameter; only Time.system() asks the machine.")
                .expectNone(findings);
    }

    @ParameterizedTest
    @MethodSource("bannedMethods")
    void a_planted_call_is_found(String method) throws IOException {
        assertThat(BannedCalls.in(compiled(Banned.class)))
                .anyMatch(finding -> finding.startsWith(Banned.class.getName() + "." + method + ":"));
    }

    static List<String> bannedMethods() {
        return Arrays.stream(Banned.class.getDeclaredMethods())
                .filter(method -> !method.isSynthetic())
                .map(Method::getName)
                .toList();
    }

    @Test
    void what_only_looks_like_a_banned_call_is_let_through() throws IOException {
        assertThat(BannedCalls.in(compiled(Allowed.class))).isEmpty();
    }

    @Test
    void a_finding_tells_where_what_and_what_instead() throws IOException {
        assertThat(BannedCalls.in(compiled(Banned.class)))
                .anyMatch(finding -> finding.matches("dev\\.treaty\\.house\\.planted\\.Banned\\.sleeps:\\d+ calls "
                        + "java\\.lang\\.Thread\\.sleep; instead: wait with Time\\.park, .*"));
    }

    private static byte[] compiled(Class<?> type) throws IOException {
        try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            return in.readAllBytes();
        }
    }
}
