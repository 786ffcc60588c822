package dev.treaty.benchmarks.guards;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.openjdk.jmh.annotations.Benchmark;

/**
 * A benchmark of JMH, and whose figures it gives.
 *
 * @param benchmark its name, as JMH has it
 * @param subject who is measured
 * @param settings what is measured; the whole guard is compared with two kinds of peers
 */
record Measured(String benchmark, String subject, List<String> settings) {
    static final String OWN = "treaty";
    static final String DEADLINE = "deadline";
    static final String FULL = "full";

    private static final Map<String, Class<?>> SUBJECTS = Map.of(
            "floor",
            FloorGuards.class,
            OWN,
            TreatyGuards.class,
            "resilience4j",
            Resilience4jGuards.class,
            "failsafe",
            FailsafeGuards.class,
            "smallrye",
            SmallRyeGuards.class,
            "sentinel",
            SentinelGuards.class,
            "netflix",
            NetflixGuards.class);

    /** The order of the report: what no guard can go below, single policies, the whole. */
    static final List<String> SETTINGS = List.of(
            "direct",
            "clock",
            "breaker-time",
            "breaker-count",
            "rate-limiter",
            "limiter-fixed",
            "limiter-adaptive",
            "retry",
            "timeout",
            "refused",
            FULL,
            DEADLINE);

    private static final Pattern HUMP = Pattern.compile("(?<=[a-z])(?=[A-Z])");

    /** Whose guards there are. */
    static List<String> subjects() {
        return SUBJECTS.keySet().stream().sorted().toList();
    }

    /** All of them, those of a setting side by side. */
    static List<Measured> all() {
        return SUBJECTS.entrySet().stream()
                .flatMap(subject -> Arrays.stream(subject.getValue().getMethods())
                        .filter(method -> method.isAnnotationPresent(Benchmark.class))
                        .map(method -> of(subject.getKey(), method)))
                .sorted(Comparator.<Measured>comparingInt(one -> SETTINGS.indexOf(one.settings.getFirst()))
                        .thenComparing(one -> !one.subject.equals(OWN))
                        .thenComparing(Measured::subject))
                .toList();
    }

    private static Measured of(String subject, Method method) {
        String benchmark = method.getDeclaringClass().getName() + "." + method.getName();
        return switch (method.getName()) {
            // A window of calls instead of one of time.
            case "fullCount" -> new Measured(benchmark, subject + "-count", List.of(FULL));
            // A timeout that also interrupts code that knows nothing of deadlines.
            case "interrupting" -> new Measured(benchmark, subject + "-interrupting", List.of(DEADLINE));
            // The whole guard always has a deadline.
            case FULL ->
                new Measured(benchmark, subject, subject.equals(OWN) ? List.of(FULL, DEADLINE) : List.of(FULL));
            default -> new Measured(benchmark, subject, List.of(setting(method.getName())));
        };
    }

    private static String setting(String method) {
        return HUMP.matcher(method).replaceAll("-").toLowerCase(Locale.ROOT);
    }
}
