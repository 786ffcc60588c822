package dev.treaty.core.text;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Durations as people write them: sums such as {@code 1m30s}, with the units d, h, m, s, ms, us and ns. */
public final class DurationFormat {
    private record Unit(String name, long nanos) {}

    /** From the longest to the shortest. */
    private static final List<Unit> UNITS = List.of(
            new Unit("d", 86_400_000_000_000L),
            new Unit("h", 3_600_000_000_000L),
            new Unit("m", 60_000_000_000L),
            new Unit("s", 1_000_000_000),
            new Unit("ms", 1_000_000),
            new Unit("us", 1_000),
            new Unit("ns", 1));

    /** Numbers with units, each unit at most once, from the longest to the shortest. */
    private static final Pattern SUM = Pattern.compile(UNITS.stream()
            .map(unit -> "(?:(\\d{1,18}(?:\\.\\d{1,9})?)\\s*" + unit.name.replace("us", "[uµ]s") + "\\s*)?")
            .collect(Collectors.joining()));

    private DurationFormat() {}

    /** Reads a sum; empty if the text is none, or longer than some 292 years. */
    public static Optional<Duration> read(String text) {
        Matcher match = SUM.matcher(text);
        if (text.isEmpty() || !match.matches()) {
            return Optional.empty();
        }
        BigDecimal nanos = BigDecimal.ZERO;
        int group = 1;
        for (Unit unit : UNITS) {
            var number = new BigDecimal(Objects.requireNonNullElse(match.group(group++), "0"));
            nanos = nanos.add(number.multiply(BigDecimal.valueOf(unit.nanos)));
        }
        return nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0
                ? Optional.empty()
                : Optional.of(Duration.ofNanos(nanos.longValue()));
    }

    /** Writes a duration as the shortest sum of whole units; one that is negative or too long as in ISO 8601. */
    public static String write(Duration duration) {
        if (duration.isZero()) {
            return "0s";
        }
        if (duration.isNegative() || duration.compareTo(Duration.ofNanos(Long.MAX_VALUE)) > 0) {
            return duration.toString();
        }
        long left = duration.toNanos();
        var text = new StringBuilder();
        for (Unit unit : UNITS) {
            if (left >= unit.nanos) {
                text.append(left / unit.nanos).append(unit.name);
                left %= unit.nanos;
            }
        }
        return text.toString();
    }
}
