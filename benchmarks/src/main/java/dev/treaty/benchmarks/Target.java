package dev.treaty.benchmarks;

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
public record Target(String name, double limit, boolean ratio) {
    /** A figure that is at most this. */
    public static Target most(String name, double limit) {
        return new Target(name, limit, false);
    }

    /** A ratio that is at least this. */
    public static Target least(String name, double limit) {
        return new Target(name, limit, true);
    }

    /** The same report, which says of every target that was measured whether it is met. */
    public static Report judge(Report report, List<Target> targets) {
        var about = new ArrayList<>(report.about());
        for (Target target : targets) {
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
