package dev.treaty.benchmarks.guards;

import dev.treaty.benchmarks.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What is aimed at, next to what was measured.
 *
 * @param name of a ratio as the report has it, or of a figure: {@code subject.setting.figure}
 * @param limit the least ratio, or the highest figure
 * @param ratio whether it is a ratio
 */
record Target(String name, double limit, boolean ratio) {
    private static final List<Target> ALL = List.of(
            most("treaty.full.t1.time", 75),
            most("treaty.full.t2.time", 75),
            most("treaty.full.t1.allocation", 0),
            most("treaty.full.t2.allocation", 0),
            most("treaty.timeout.t1.time", 300),
            most("treaty.timeout.t2.time", 300),
            most("treaty.refused.t1.time", 50),
            most("treaty.refused.t2.time", 50),
            most("treaty.memory.memory", 2048),
            least("resilience4j-count.full.t1.time", 1.7),
            least("resilience4j-count.full.t2.time", 3.4),
            least("sentinel.full.t1.time", 6),
            least("sentinel.full.t2.time", 6),
            least("smallrye.deadline.t1.time", 10),
            least("smallrye.deadline.t2.time", 10),
            least("failsafe.deadline.t1.time", 30),
            least("failsafe.deadline.t2.time", 30));

    private static Target most(String name, double limit) {
        return new Target(name, limit, false);
    }

    private static Target least(String name, double limit) {
        return new Target(name, limit, true);
    }

    /** The same report, which says of every target that was measured whether it is met. */
    static Report judge(Report report) {
        var about = new ArrayList<>(report.about());
        for (Target target : ALL) {
            target.measured(report).ifPresent(value -> about.add(target.sentence(value)));
        }
        return new Report(report.benchmark(), List.copyOf(about), report.figures(), report.rows(), report.ratios());
    }

    private Optional<Double> measured(Report report) {
        if (ratio) {
            return Optional.ofNullable(report.ratios().get(name));
        }
        return report.rows().stream()
                .flatMap(row -> row.figures().entrySet().stream()
                        .filter(figure -> name.equals(row.subject() + "." + row.setting() + "." + figure.getKey()))
                        .map(figure -> figure.getValue().value()))
                .findFirst();
    }

    private String sentence(double value) {
        boolean met = ratio ? value >= limit : value <= limit;
        return String.format(
                Locale.ROOT,
                "Target %-32s %s %7.1f: %9.1f  %s",
                name,
                ratio ? "at least" : "at most ",
                limit,
                value,
                met ? "met" : "MISSED");
    }
}
