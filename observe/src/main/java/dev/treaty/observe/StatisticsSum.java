package dev.treaty.observe;

import dev.treaty.core.call.Code;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import org.HdrHistogram.Histogram;

/** The sum of the counts of several series, of this process or of others. */
final class StatisticsSum {
    /** The maximum latency, in microseconds; longer ones count as this. */
    static final long MICROS_MAX = 600_000_000;

    /** The maximum length of an encoded histogram, in characters. */
    static final int HISTOGRAM_LENGTH_MAX = 64 << 10;

    private static final int DIGITS = 2;
    private static final String MALFORMED =
            "not an encoded histogram with " + DIGITS + " digits and at most " + HISTOGRAM_LENGTH_MAX + " characters";

    /** The offset of the parameters in an encoded histogram, after its format and length. */
    private static final int PARAMETERS_AT = 8;

    /** The beginning of every encoded histogram with the parameters used here. */
    private static final byte[] HEAD = Arrays.copyOf(encoded(new Histogram(1, MICROS_MAX, DIGITS)), 40);

    private static final double MICROS_PER_MILLI = 1_000;
    private static final double NANOS_PER_SECOND = 1e9;

    private final Histogram micros = new Histogram(1, MICROS_MAX, DIGITS);
    private final EnumMap<Code, Long> errors = new EnumMap<>(Code.class);
    private double seconds;

    void addLatency(long value, long count) {
        micros.recordValueWithCount(value, count);
    }

    void addErrors(Code code, long count) {
        errors.merge(code, count, Long::sum);
    }

    /** Extends the period of the counts to at least this length. */
    void covers(long nanos) {
        seconds = Math.max(seconds, nanos / NANOS_PER_SECOND);
    }

    void add(StatisticsSum other) {
        micros.add(other.micros);
        other.errors.forEach(this::addErrors);
        seconds = Math.max(seconds, other.seconds);
    }

    /** @throws IllegalArgumentException if the histogram is malformed or has other parameters */
    void add(CallStatistics statistics) {
        micros.add(decoded(statistics.histogram()));
        statistics.errors().forEach(this::addErrors);
        seconds = Math.max(seconds, statistics.seconds());
    }

    long requests() {
        return micros.getTotalCount();
    }

    /** Returns the highest latency that the histogram counts as equal to this one, in microseconds. */
    long boundary(long value) {
        return micros.highestEquivalentValue(value);
    }

    /** Returns the number of latencies in a range that excludes its lower bound, in microseconds. */
    long countBetween(long aboveMicros, long toMicros) {
        return toMicros <= aboveMicros ? 0 : micros.getCountBetweenValues(aboveMicros + 1, toMicros);
    }

    double secondsSum() {
        return micros.getMean() * micros.getTotalCount() / 1e6;
    }

    CallStatistics result() {
        long requests = requests();
        long failures = errors.values().stream().mapToLong(Long::longValue).sum();
        return new CallStatistics(
                requests,
                Math.max(0, requests - failures), // a failure may be counted between reading latencies and codes
                errors,
                seconds,
                micros.getMean() / MICROS_PER_MILLI,
                micros.getValueAtPercentile(50) / MICROS_PER_MILLI,
                micros.getValueAtPercentile(95) / MICROS_PER_MILLI,
                micros.getValueAtPercentile(99) / MICROS_PER_MILLI,
                micros.getMaxValue() / MICROS_PER_MILLI,
                requests == 0 ? "" : Base64.getEncoder().encodeToString(encoded(micros)));
    }

    private static byte[] encoded(Histogram histogram) {
        var buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        // Without compression, which would cost more than the rest of a report: runs of zeros are already short.
        int length = histogram.encodeIntoByteBuffer(buffer);
        return Arrays.copyOf(buffer.array(), length);
    }

    private static Histogram decoded(String histogram) {
        if (histogram.isEmpty()) {
            return new Histogram(1, MICROS_MAX, DIGITS);
        }
        try {
            byte[] bytes = histogram.length() > HISTOGRAM_LENGTH_MAX
                    ? new byte[0]
                    : Base64.getDecoder().decode(histogram);
            // Checked first, because the parameters determine how much memory is allocated.
            if (Arrays.equals(bytes, PARAMETERS_AT, HEAD.length, HEAD, PARAMETERS_AT, HEAD.length)) {
                return Histogram.decodeFromByteBuffer(ByteBuffer.wrap(bytes), MICROS_MAX);
            }
        } catch (RuntimeException e) { // too short, or damaged
            throw new IllegalArgumentException(MALFORMED, e);
        }
        throw new IllegalArgumentException(MALFORMED);
    }
}
