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

    /** The modules that run in a simulation, which controls time, random numbers and the order of threads. */
    private static final List<String> SIMULATED = List.of(
            "core",
            "resilience",
            "balance",
            "codec",
            "registry",
            "registry-dns",
            "registry-compat",
            "config",
            "observe",
            "facade");

    /** The classes that read the clocks and random numbers of the machine. */
    private static final Pattern SYSTEM_TIME =
            Pattern.compile("dev/treaty/core/time/(\\w*SystemTime|Time\\$|RandomSource).*\\.class");

    @Test
    void simulated_code_takes_time_and_random_numbers_from_its_constructor() {
        List<String> findings = new ArrayList<>();
        for (String module : SIMULATED) {
            for (Path file : Repository.compiled(module)) {
                if (!SYSTEM_TIME.matcher(Repository.name(file)).find()) {
                    findings.addAll(BannedCalls.in(Repository.bytes(file)));
                }
            }
        }
        new Rule(
                        "The modules " + SIMULATED + " run in a simulation, so they make none of these calls:",
                        "take time and random numbers as constructor parameters; only Time.system() reads the"
                                + " machine's clocks.")
                .expectNone(findings);
    }

    /**
     * The classes that may start threads otherwise: {@code BackgroundThread} itself, code that runs a caller's work in
     * the caller's context, and hooks of the JVM's shutdown.
     */
    private static final Pattern STARTS_THREADS =
            Pattern.compile("dev/treaty/(core/event/BackgroundThread|core/call/(AsyncCall|ContextCarrier)|Platform"
                    + "|resilience/(retry/Hedge|execution/Execution))(\\$\\w+)*\\.class");

    @Test
    void background_threads_are_started_in_one_place_G2() {
        List<String> findings = new ArrayList<>();
        for (String module : Repository.libraries()) {
            for (Path file : Repository.compiled(module)) {
                if (!STARTS_THREADS.matcher(Repository.name(file)).find()) {
                    findings.addAll(BannedCalls.threads(Repository.bytes(file)));
                }
            }
        }
        new Rule(
                        "Libraries start their threads with BackgroundThread, so that no thread inherits the context of"
                                + " an unrelated caller, and none is ended by a failure:",
                        "use BackgroundThread.virtual, platform or startOnce.")
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
    void calls_that_resemble_banned_ones_are_allowed() throws IOException {
        assertThat(BannedCalls.in(compiled(Allowed.class))).isEmpty();
    }

    @Test
    void a_finding_has_the_place_the_call_and_the_alternative() throws IOException {
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
