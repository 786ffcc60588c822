package dev.treaty.observe;

import dev.treaty.core.call.Code;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Adds up what several series counted, in this process or in others, and works out the figures. */
final class StatisticsSum {
    /** The longest latency told apart; longer ones count as this. */
    static final long MICROS_MAX = 600_000_000;

    /** The longest encoded histogram accepted, in characters. */
    static final int HISTOGRAM_LENGTH_MAX = 64 << 10;

    private static final int DIGITS = 2;

    /** Where an encoded histogram says what it is like, behind its form and its length. */
    private static final int LIKE_AT = 8;

    /** The beginning of every encoded histogram of ours. */
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

    /** Takes the counts as covering that long at least. */
    void covers(long nanos) {
        seconds = Math.max(seconds, nanos / NANOS_PER_SECOND);
    }

    void add(StatisticsSum other) {
        micros.add(other.micros);
        other.errors.forEach(this::addErrors);
        seconds = Math.max(seconds, other.seconds);
    }

    /** @throws IllegalArgumentException where the histogram is not one of ours */
    void add(CallStatistics figures) {
        micros.add(decoded(figures.histogram()));
        figures.errors().forEach(this::addErrors);
        seconds = Math.max(seconds, figures.seconds());
    }

    long requests() {
        return micros.getTotalCount();
    }

    Map<Code, Long> errors() {
        return errors;
    }

    long failed() {
        return errors.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The longest latency that cannot be told from that one, in microseconds. */
    long boundary(long value) {
        return micros.highestEquivalentValue(value);
    }

    /** How many took longer than one and at most the other, in microseconds. */
    long countBetween(long aboveMicros, long toMicros) {
        return toMicros <= aboveMicros ? 0 : micros.getCountBetweenValues(aboveMicros + 1, toMicros);
    }

    double secondsSum() {
        return micros.getMean() * micros.getTotalCount() / 1e6;
    }

    CallStatistics figures() {
        long requests = requests();
        return new CallStatistics(
                requests,
                // A failure may have been counted between the moments when latencies and codes were read.
                Math.max(0, requests - failed()),
                errors,
                seconds,
                micros.getMean() / MICROS_PER_MILLI,
                millis(micros.getValueAtPercentile(50)),
                millis(micros.getValueAtPercentile(95)),
                millis(micros.getValueAtPercentile(99)),
                millis(micros.getMaxValue()),
                encoded());
    }

    private static double millis(long value) {
        return value / MICROS_PER_MILLI;
    }

    private String encoded() {
        if (requests() == 0) {
            return "";
        }
        return Base64.getEncoder().encodeToString(encoded(micros));
    }

    private static byte[] encoded(Histogram histogram) {
        var buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        // Its runs of zeros are short as they are; compressing them costs more than all the rest of a report.
        int length = histogram.encodeIntoByteBuffer(buffer);
        return Arrays.copyOf(buffer.array(), length);
    }

    private static Histogram decoded(String histogram) {
        if (histogram.isEmpty()) {
            return new Histogram(1, MICROS_MAX, DIGITS);
        }
        if (histogram.length() > HISTOGRAM_LENGTH_MAX) {
            throw new IllegalArgumentException("an encoded histogram has at most " + HISTOGRAM_LENGTH_MAX
                    + " characters, not " + histogram.length());
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(histogram);
            // Looked at first: what it says decides how much memory it takes, and where counts are looked for.
            if (Arrays.equals(bytes, LIKE_AT, HEAD.length, HEAD, LIKE_AT, HEAD.length)) {
                return Histogram.decodeFromByteBuffer(ByteBuffer.wrap(bytes), MICROS_MAX);
            }
        } catch (RuntimeException e) {
            throw new IllegalArgumentException("this is not an encoded histogram of two digits", e);
        }
        throw new IllegalArgumentException("this is not an encoded histogram of two digits");
    }
}
