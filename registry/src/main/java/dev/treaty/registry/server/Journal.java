package dev.treaty.registry.server;

import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.EventStream;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes the state of a {@link RegistryTable} to disk so that it survives a restart: a snapshot, and a log of the
 * changes since. Renewals are not written. After a restart all leases start again, since nothing could renew them in
 * the meantime.
 *
 * <p>A separate thread writes changes shortly after they happen and never delays the registry. What is lost when the
 * process or the machine stops is little and is restored without help: a client whose lease is not known registers
 * again. Central settings, which no client would restore, are on disk before their replacement is acknowledged. If the
 * disk fails or memory is short, the registry continues, reports the problem, and tries to write a new snapshot.
 *
 * <p>A file of which a part cannot be read is reported and kept under its name with {@value #DAMAGED} added, and the
 * rest of it is read. A file that a newer version of Treaty has written is refused, and all files remain as they are.
 */
public final class Journal implements AutoCloseable {
    /** Added to the name of a file that is kept because a part of it could not be read. */
    static final String DAMAGED = ".damaged";

    /** A shorter log is not replaced by a snapshot. */
    private static final long LOG_BYTES_MIN = 4 << 20;

    /** How often written changes are forced to the disk. */
    private static final long FORCE_NANOS = Duration.ofSeconds(1).toNanos();

    /** The pause before a failed disk is tried again. */
    private static final long RETRY_NANOS = Duration.ofSeconds(5).toNanos();

    private static final long IDLE_NANOS = Duration.ofHours(1).toNanos();
    private static final String SNAPSHOT = "state-";
    private static final String LOG = "log-";
    private static final String SAVING = "saving";

    /** The most unreadable parts of a file that are named. */
    private static final int PARTS_MAX = 3;

    private final RegistryTable table;
    private final Store store;
    private final Time time;
    private final Events events;
    private final Promise<Boolean> closing = new Promise<>();
    private final Promise<Boolean> ended = new Promise<>();
    private volatile Pending pending;
    private long generation;
    private long logBytes;
    private long snapshotBytes;
    private boolean unforced;
    private boolean incomplete; // a change is missing from the log, so that only a snapshot helps

    /**
     * Changes to write at once.
     *
     * @param urgent whether to force them to the disk
     * @param saved to keep once they are on disk
     */
    private record Batch(ByteArrayOutputStream bytes, boolean urgent, Promise<Boolean> saved) {}

    /** The changes that wait to be written to one log; beyond a number of bytes, only a new snapshot helps. */
    private static final class Pending implements RegistryTable.Sink {
        private final long bytesMax;
        private ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private @Nullable String lost;
        private Promise<Boolean> available = new Promise<>();
        private Promise<Boolean> saved = new Promise<>();
        private boolean urgent; // a thread waits until the changes are on disk

        Pending(long bytesMax) {
            this.bytesMax = bytesMax;
        }

        @Override
        public synchronized void accept(RegistryTable.Entry entry) {
            try {
                byte[] record = lost == null ? JournalFormat.record(entry) : new byte[0];
                if (bytes.size() + record.length > bytesMax) {
                    throw new IOException("it is too slow: " + bytesMax + " bytes were waiting");
                }
                bytes.writeBytes(record);
            } catch (IOException | RuntimeException | OutOfMemoryError e) { // never the caller's, who only registers
                bytes = new ByteArrayOutputStream(0);
                lost = String.valueOf(e.getMessage());
            }
            available.complete(true);
        }

        @Override
        public synchronized Promise<Boolean> saved() {
            urgent = true;
            available.complete(true);
            return saved;
        }

        synchronized Batch take() throws IOException {
            if (lost != null) {
                throw new IOException(lost);
            }
            var taken = new Batch(bytes, urgent, saved);
            bytes = new ByteArrayOutputStream();
            available = new Promise<>();
            saved = new Promise<>();
            urgent = false;
            return taken;
        }

        synchronized Promise<Boolean> available() {
            return available;
        }
    }

    /**
     * Restores the table from the store, and writes every change from now on.
     *
     * @param table is empty
     * @param store is closed with this journal
     * @param events receives when the disk fails and when it works again
     * @throws IOException if the store cannot be read or written, or a newer version of Treaty has written it
     */
    public Journal(RegistryTable table, Store store, Time time, Events events) throws IOException {
        this.table = table;
        this.store = store;
        this.time = time;
        this.events = EventStream.guarded(events);
        this.pending = new Pending(0);
        restore();
        snapshot();
        BackgroundThread.virtual("treaty-registry-journal", time, this.events, this::run)
                .start();
    }

    private void restore() throws IOException {
        var snapshots = new TreeMap<Long, JournalFormat.Contents>();
        var logs = new TreeMap<Long, JournalFormat.Contents>();
        for (String name : store.names()) { // all before any is restored: a newer version is refused as a whole
            OptionalLong snapshot = number(SNAPSHOT, name);
            OptionalLong log = number(LOG, name);
            if (snapshot.isPresent() || log.isPresent()) {
                generation = Math.max(generation, snapshot.orElseGet(log::orElseThrow));
                (snapshot.isPresent() ? snapshots : logs)
                        .put(snapshot.orElseGet(log::orElseThrow), JournalFormat.read(name, store.read(name)));
            }
        }
        long from = snapshots.descendingMap().entrySet().stream()
                .filter(snapshot -> snapshot.getValue().complete())
                .findFirst()
                .or(() -> Optional.ofNullable(snapshots.lastEntry()))
                .map(Map.Entry::getKey)
                .orElse(0L);
        for (var snapshot : snapshots.entrySet()) {
            restore(SNAPSHOT + snapshot.getKey(), snapshot.getValue(), snapshot.getKey() == from, true);
        }
        for (var log : logs.tailMap(from).entrySet()) {
            restore(LOG + log.getKey(), log.getValue(), true, false);
        }
    }

    /**
     * Restores the entries of a file, and keeps the file if a part of it cannot be used.
     *
     * @param used whether to restore its entries; otherwise another file has them
     */
    private void restore(String name, JournalFormat.Contents contents, boolean used, boolean snapshot)
            throws IOException {
        var unreadable = new ArrayList<>(contents.unreadable());
        if (snapshot && !contents.complete() && unreadable.isEmpty()) {
            unreadable.add("its end is missing");
        }
        for (RegistryTable.Entry entry : used ? contents.entries() : List.<RegistryTable.Entry>of()) {
            try {
                table.restore(entry, time.nanoTime(), time.instant());
            } catch (RuntimeException e) { // of a limit that was higher before, for example
                unreadable.add(String.valueOf(e.getMessage()));
            }
        }
        if (!unreadable.isEmpty()) {
            String parts = unreadable.stream().limit(PARTS_MAX).collect(Collectors.joining(", "));
            String more = unreadable.size() > PARTS_MAX ? " and " + (unreadable.size() - PARTS_MAX) + " more" : "";
            table.problems()
                    .begin(
                            name,
                            "the registry's file " + name + " is damaged (" + parts + more + "): it is kept as "
                                    + keep(name) + ", and the rest of it was read",
                            events);
        }
    }

    /** Copies a file that will be replaced; returns the name of the copy. */
    private String keep(String name) throws IOException {
        byte[] bytes = store.read(name);
        String kept = name + DAMAGED;
        for (int i = 2; store.names().contains(kept) && !Arrays.equals(bytes, store.read(kept)); i++) {
            kept = name + DAMAGED + i;
        }
        store.replace(kept, out -> out.write(bytes));
        return kept;
    }

    private static OptionalLong number(String prefix, String name) {
        try {
            return name.startsWith(prefix)
                    ? OptionalLong.of(Long.parseLong(name.substring(prefix.length())))
                    : OptionalLong.empty();
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** Returns why the state cannot be saved, in one sentence; empty if it can. */
    public Optional<String> problem() {
        return table.problems().of(SAVING);
    }

    private void run() throws InterruptedException {
        while (closing.now() == null) {
            Thread.interrupted(); // set by a subscriber
            if (!tryTo(incomplete ? this::snapshot : this::awaitAndWrite)) {
                closing.await(time, RETRY_NANOS);
            }
        }
        tryTo(incomplete ? this::snapshot : () -> write(true));
        ended.complete(true);
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    /** Reports whether a step failed, because of the disk or because memory is short. */
    private boolean tryTo(Step step) throws InterruptedException {
        try {
            step.run();
            incomplete = false;
            table.problems().end(SAVING, "the registry's state is saved again", events);
            return true;
        } catch (IOException | RuntimeException | Error e) {
            incomplete = true;
            String why = e instanceof IOException ? e.getMessage() : e.toString();
            table.problems().begin(SAVING, "the registry's state cannot be saved: " + why, events);
            return false;
        }
    }

    private void awaitAndWrite() throws IOException, InterruptedException {
        Promise<Boolean> available = pending.available();
        available.await(time, unforced ? FORCE_NANOS : IDLE_NANOS);
        write(available.now() == null);
        if (logBytes > Math.max(LOG_BYTES_MIN, 2 * snapshotBytes)) {
            snapshot();
        }
    }

    private void write(boolean force) throws IOException {
        Batch batch = pending.take();
        if (batch.bytes.size() > 0) {
            store.append(LOG + generation, batch.bytes.toByteArray());
            logBytes += batch.bytes.size();
            unforced = true;
        }
        if ((force || batch.urgent) && unforced) {
            store.force(LOG + generation);
            unforced = false;
        }
        batch.saved.complete(true);
    }

    /**
     * Writes the whole table and starts a new log. The old snapshot and log are deleted last, so they remain if the
     * process stops in the meantime.
     */
    private void snapshot() throws IOException {
        var next = new Pending(table.limits().memory() / 8);
        List<RegistryTable.Entry> entries = table.journal(next);
        Pending replaced = pending;
        pending = next;
        long number = generation + 1;
        store.delete(LOG + number); // of an attempt that failed
        store.append(LOG + number, JournalFormat.HEADER);
        store.force(LOG + number); // before it has any entry: a torn version would look like a newer one
        store.replace(SNAPSHOT + number, out -> snapshotBytes = JournalFormat.writeSnapshot(entries, out));
        replaced.saved().complete(true);
        generation = number;
        logBytes = 0;
        unforced = false;
        for (String name : store.names()) {
            if (number(SNAPSHOT, name).orElse(number) < number
                    || number(LOG, name).orElse(number) < number) {
                store.delete(name);
            }
        }
    }

    /** Writes the waiting changes and closes the store. */
    @Override
    public void close() throws IOException {
        closing.complete(true);
        pending.available().complete(true);
        try {
            ended.await(time, RETRY_NANOS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        store.close();
    }
}
