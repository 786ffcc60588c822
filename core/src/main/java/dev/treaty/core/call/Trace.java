package dev.treaty.core.call;

import java.util.HexFormat;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The position of a call in a distributed trace, as in the header {@code traceparent}. The span is also the call's id.
 *
 * @param traceHigh the upper half of the trace's 128-bit id
 * @param traceLow its lower half
 * @param span the id of this call
 * @param sampled whether the trace is recorded
 * @see <a href="https://www.w3.org/TR/trace-context/">W3C Trace Context</a>
 */
public record Trace(long traceHigh, long traceLow, long span, boolean sampled) {
    private static final HexFormat HEX = HexFormat.of();
    private static final int LENGTH = 55;

    /** Returns the first call of a new trace. */
    public static Trace start(RandomGenerator random) {
        return new Trace(random.nextLong(), notZero(random.nextLong()), notZero(random.nextLong()), true);
    }

    /** Returns another call of the same trace. */
    public Trace child(RandomGenerator random) {
        return new Trace(traceHigh, traceLow, notZero(random.nextLong()), sampled);
    }

    private static long notZero(long id) {
        return id == 0 ? 1 : id;
    }

    /** Parses a {@code traceparent} header; empty if it is malformed, so that a new trace starts. */
    public static Optional<Trace> parse(String header) {
        if (header.length() < LENGTH
                || header.charAt(2) != '-'
                || header.charAt(35) != '-'
                || header.charAt(52) != '-'
                || header.startsWith("ff")
                || (header.startsWith("00") && header.length() != LENGTH)) {
            return Optional.empty();
        }
        try {
            HexFormat.fromHexDigits(header, 0, 2);
            var trace = new Trace(
                    HexFormat.fromHexDigitsToLong(header, 3, 19),
                    HexFormat.fromHexDigitsToLong(header, 19, 35),
                    HexFormat.fromHexDigitsToLong(header, 36, 52),
                    (HexFormat.fromHexDigits(header, 53, 55) & 1) != 0);
            boolean empty = trace.span == 0 || (trace.traceHigh == 0 && trace.traceLow == 0);
            return empty ? Optional.empty() : Optional.of(trace);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Returns the {@code traceparent} header. */
    public String header() {
        return "00-" + id() + "-" + HEX.toHexDigits(span) + (sampled ? "-01" : "-00");
    }

    /** Returns the trace's id, 32 hexadecimal digits. */
    public String id() {
        return HEX.toHexDigits(traceHigh) + HEX.toHexDigits(traceLow);
    }
}
