package dev.treaty.benchmarks.guards;

import dev.treaty.resilience.Guard;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The main class of a process that makes many guards, and says how much memory each of them keeps. A guard has been
 * called once, because some make their windows only then.
 */
final class Footprint {
    private static final int GUARDS = 100_000;

    /** Enough for an average, of guards of several kilobytes each. */
    private static final int GUARDS_OF_PEERS = 5_000;

    private static final int COLLECTIONS = 4;

    private Footprint() {}

    /** Who can be asked; Sentinel keeps its state by the names of resources, of which it takes 6000 at most. */
    private static final Map<String, Supplier<Object>> SUBJECTS = Map.of(
            Measured.OWN,
            Footprint::treaty,
            "resilience4j",
            () -> called(Resilience4jGuards.full(SlidingWindowType.TIME_BASED, () -> 1)),
            "resilience4j-count",
            () -> called(Resilience4jGuards.full(SlidingWindowType.COUNT_BASED, () -> 1)),
            "failsafe",
            Footprint::failsafe,
            "smallrye",
            Footprint::smallrye);

    private static Object treaty() {
        Guard guard = TreatyGuards.whole();
        guard.<Integer, RuntimeException>call(() -> 1);
        return guard;
    }

    private static Object called(Supplier<Integer> guard) {
        guard.get();
        return guard;
    }

    private static Object failsafe() {
        var guard = FailsafeGuards.whole();
        guard.get(() -> 1);
        return guard;
    }

    private static Object smallrye() {
        var guard = SmallRyeGuards.fullGuard().build();
        guard.get(() -> 1);
        return guard;
    }

    static List<String> subjects() {
        return SUBJECTS.keySet().stream().sorted().toList();
    }

    /** How much memory a guard of that subject keeps, measured in a process of its own. */
    static double bytesPerGuard(String subject, boolean quick) throws IOException, InterruptedException {
        return measure(subject, subject.equals(Measured.OWN) && !quick ? GUARDS : GUARDS_OF_PEERS);
    }

    private static double measure(String subject, int guards) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xmx1g",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Footprint.class.getName(),
                        subject,
                        String.valueOf(guards))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException("the memory of " + subject + "'s guards could not be measured: " + said);
        }
        return Double.parseDouble(said);
    }

    public static void main(String[] arguments) {
        Supplier<Object> subject = SUBJECTS.get(arguments[0]);
        int guards = Integer.parseInt(arguments[1]);
        List<Object> kept = new ArrayList<>(guards);
        for (int i = 0; i < guards / 10; i++) {
            subject.get(); // what the first ones share, such as classes
        }
        long before = used();
        for (int i = 0; i < guards; i++) {
            kept.add(subject.get());
        }
        System.out.println((double) (used() - before) / kept.size());
        System.exit(0);
    }

    private static long used() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
