package dev.treaty.benchmarks.guards;

import dev.treaty.resilience.Guard;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The main class of a process that makes many guards, and says how much memory each of them keeps. */
final class Footprint {
    /** Who can be asked; Sentinel keeps its state by the names of resources, of which it takes 6000 at most. */
    static final List<String> SUBJECTS =
            List.of(Measured.OWN, "resilience4j", "resilience4j-count", "failsafe", "smallrye");

    private static final int GUARDS = 100_000;

    /** Enough for an average, of guards of several kilobytes each. */
    private static final int GUARDS_OF_PEERS = 5_000;

    private static final int COLLECTIONS = 4;

    private Footprint() {}

    /** A guard that has been called once, because some make their windows only then. */
    private static Object guard(String subject) {
        return switch (subject) {
            case Measured.OWN -> {
                Guard guard = TreatyGuards.whole();
                guard.<Integer, RuntimeException>call(() -> 1);
                yield guard;
            }
            case "resilience4j" -> called(Resilience4jGuards.full(SlidingWindowType.TIME_BASED, () -> 1));
            case "resilience4j-count" -> called(Resilience4jGuards.full(SlidingWindowType.COUNT_BASED, () -> 1));
            case "failsafe" -> {
                var guard = FailsafeGuards.whole();
                guard.get(() -> 1);
                yield guard;
            }
            case "smallrye" -> {
                var guard = SmallRyeGuards.fullGuard().build();
                guard.get(() -> 1);
                yield guard;
            }
            default -> throw new IllegalArgumentException("there is no subject \"" + subject + "\"");
        };
    }

    private static Supplier<Integer> called(Supplier<Integer> guard) {
        var _ = guard.get();
        return guard;
    }

    /** How much memory a guard of that subject keeps, measured in a process of its own. */
    static double bytesPerGuard(String subject, boolean quick) throws IOException, InterruptedException {
        int guards = subject.equals(Measured.OWN) && !quick ? GUARDS : GUARDS_OF_PEERS;
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
        String subject = arguments[0];
        int guards = Integer.parseInt(arguments[1]);
        List<Object> kept = new ArrayList<>(guards);
        for (int i = 0; i < guards / 10; i++) {
            guard(subject); // what the first ones share, such as classes
        }
        long before = used();
        for (int i = 0; i < guards; i++) {
            kept.add(guard(subject));
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
