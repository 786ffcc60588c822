package dev.treaty.observe;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.time.Time;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts the outcomes and latencies of an operation or an instance, in total and in the last minute.
 *
 * <p>Cells that only grow count each latency, to the precision of the histogram, and each code. A success is one
 * increment, a failure two, and nothing is allocated. The last minute is a difference: at the end of each interval the
 * gain of each cell is stored, and the minute is the sum of the last {@value #INTERVALS} gains. So a reset loses no
 * counts, and threads never wait for each other; a count that a slow thread adds late is part of the next interval.
 *
 * <p>The cells are those of an HdrHistogram with two significant digits: up to 256 µs one cell for each microsecond,
 * then 128 cells for each doubling. They are stored in chunks of 128, one for each doubling, which are allocated at the
 * first use, because the latencies of one operation rarely span many doublings.
 *
 * @see <a href="https://github.com/HdrHistogram/HdrHistogram">HdrHistogram</a>
 */
@SuppressWarnings("EnumOrdinal") // each code has a cell, only in this process
final class Series {
    /** The number of intervals in a minute. */
    static final int INTERVALS = 12;

    /** The length of an interval, in nanoseconds. */
    static final long INTERVAL_NANOS = 5_000_000_000L;

    private static final int CHUNK = 128;
    private static final int CHUNK_BITS = 7;
    private static final int LATENCY_CHUNKS = 24;
    private static final int LATENCIES = LATENCY_CHUNKS * CHUNK;
    private static final int CELLS = LATENCIES + CHUNK;
    private static final Code[] CODES = Code.values();

    private final Time time;
    private final long startedNanos;
    private final AtomicReferenceArray<AtomicLongArray> chunks = new AtomicReferenceArray<>(LATENCY_CHUNKS + 1);
    private final ReentrantLock lock = new ReentrantLock();

    /** The number of the current interval; changed under the lock. */
    private volatile long interval;

    /** The time of the last count; late by at most {@value #LAST_NANOS_STEP}, so that few counts write it. */
    private volatile long lastNanos;

    private static final long LAST_NANOS_STEP = 1_000_000;

    /** The cells at the start of the interval; guarded by the lock. */
    private final long[][] before = new long[LATENCY_CHUNKS + 1][];

    /** The gains of earlier intervals of the minute, oldest first; guarded by the lock. */
    private final ArrayDeque<Gain> gains = new ArrayDeque<>();

    /** The counts of one interval, by cell. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Gain(long interval, int[] cells, long[] counts) {}

    Series(Time time) {
        this.time = time;
        this.startedNanos = time.nanoTime();
        this.lastNanos = startedNanos;
        this.interval = Math.floorDiv(startedNanos, INTERVAL_NANOS);
    }

    /** Counts one outcome with its latency. */
    void record(ServiceResponse<?> response, long latencyNanos) {
        long now = time.nanoTime();
        long current = Math.floorDiv(now, INTERVAL_NANOS);
        if (current != interval && lock.tryLock()) {
            try {
                moveTo(current);
            } finally {
                lock.unlock();
            }
        }
        increment(cell(Math.max(0, latencyNanos)));
        if (response instanceof ServiceResponse.Failed<?> failed) {
            increment(LATENCIES + failed.fault().code().ordinal());
        }
        if (now - lastNanos > LAST_NANOS_STEP) {
            lastNanos = now;
        }
    }

    /** The {@link Time#nanoTime()} of the last count, or of the start without counts. */
    long lastNanos() {
        return lastNanos;
    }

    /** Adds the counts to two sums. */
    void addTo(StatisticsSum minute, StatisticsSum total) {
        long[] window = new long[CELLS];
        long[] all = new long[CELLS];
        long now = time.nanoTime();
        lock.lock();
        try {
            moveTo(Math.floorDiv(now, INTERVAL_NANOS));
            for (Gain gain : gains) {
                for (int i = 0; i < gain.cells.length; i++) {
                    window[gain.cells[i]] += gain.counts[i];
                }
            }
            for (int cell = 0; cell < CELLS; cell++) {
                long count = count(cell);
                all[cell] = count;
                window[cell] += count - countBefore(cell);
            }
        } finally {
            lock.unlock();
        }
        long windowStart = (Math.floorDiv(now, INTERVAL_NANOS) - INTERVALS + 1) * INTERVAL_NANOS;
        add(window, minute, now - Math.max(windowStart, startedNanos));
        add(all, total, now - startedNanos);
    }

    private static void add(long[] cells, StatisticsSum sum, long nanos) {
        for (int cell = 0; cell < LATENCIES; cell++) {
            if (cells[cell] > 0) {
                sum.addLatency(micros(cell), cells[cell]);
            }
        }
        for (Code code : CODES) {
            long count = cells[LATENCIES + code.ordinal()];
            if (count > 0) {
                sum.addErrors(code, count);
            }
        }
        sum.covers(nanos);
    }

    /** Ends the current interval, which gets all counts since its start, and begins another one. */
    private void moveTo(long next) {
        if (next <= interval) {
            return;
        }
        int[] cells = new int[CELLS];
        long[] counts = new long[CELLS];
        int used = 0;
        for (int cell = 0; cell < CELLS; cell++) {
            long count = count(cell);
            long gain = count - countBefore(cell);
            if (gain > 0) {
                cells[used] = cell;
                counts[used++] = gain;
                long[] chunk = before[cell >> CHUNK_BITS];
                if (chunk == null) {
                    chunk = new long[CHUNK];
                    before[cell >> CHUNK_BITS] = chunk;
                }
                chunk[cell % CHUNK] = count;
            }
        }
        if (used > 0) {
            gains.add(new Gain(interval, Arrays.copyOf(cells, used), Arrays.copyOf(counts, used)));
        }
        while (!gains.isEmpty() && gains.getFirst().interval <= next - INTERVALS) {
            gains.removeFirst();
        }
        interval = next;
    }

    private void increment(int cell) {
        AtomicLongArray chunk = chunks.get(cell >> CHUNK_BITS);
        if (chunk == null) {
            chunks.compareAndSet(cell >> CHUNK_BITS, null, new AtomicLongArray(CHUNK));
            chunk = chunks.get(cell >> CHUNK_BITS);
        }
        chunk.getAndIncrement(cell % CHUNK);
    }

    private long count(int cell) {
        AtomicLongArray chunk = chunks.get(cell >> CHUNK_BITS);
        return chunk == null ? 0 : chunk.get(cell % CHUNK);
    }

    private long countBefore(int cell) {
        long[] chunk = before[cell >> CHUNK_BITS];
        return chunk == null ? 0 : chunk[cell % CHUNK];
    }

    /** Returns the cell of a latency: its doubling and the position in it. */
    static int cell(long nanos) {
        long micros = Math.max(1, (Math.clamp(nanos, 0, StatisticsSum.MICROS_MAX * 1_000) + 500) / 1_000);
        int doubling = Long.SIZE - CHUNK_BITS - 1 - Long.numberOfLeadingZeros(micros | (2 * CHUNK - 1));
        return (doubling << CHUNK_BITS) + (int) (micros >>> doubling);
    }

    /** Returns the lowest latency of a cell, in microseconds. */
    static long micros(int cell) {
        int doubling = Math.max(0, (cell >> CHUNK_BITS) - 1);
        return (long) (cell - (doubling << CHUNK_BITS)) << doubling;
    }
}
