package dev.treaty.registry.server;

import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.spi.Store;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the state of a {@link RegistryTable} to disk so that it survives a restart: a snapshot, and a log of the
 * changes since. Renewals are not written. After a restart all leases start again, since nothing could renew them in
 * the meantime.
 *
 * <p>A separate thread writes changes shortly after they happen and never delays the registry. What is lost when the
 * process or the machine stops is little and is restored without help: a client whose lease is not known registers
 * again. A torn record ends its log. If the disk fails, the registry continues, reports the problem, and tries to write
 * a new snapshot.
 */
public final class Journal implements AutoCloseable {
    /** A shorter log is not replaced by a snapshot. */
    private static final long LOG_BYTES_MIN = 4 << 20;

    /** The most bytes that wait to be written; beyond that, only a new snapshot helps. */
    private static final int PENDING_BYTES_MAX = 32 << 20;

    /** How often written changes are forced to the disk. */
    private static final long FORCE_NANOS = Duration.ofSeconds(1).toNanos();

    /** The pause before a failed disk is tried again. */
    private static final long RETRY_NANOS = Duration.ofSeconds(5).toNanos();

    private static final long IDLE_NANOS = Duration.ofHours(1).toNanos();
    private static final String SNAPSHOT = "state-";
    private static final String LOG = "log-";

    private final RegistryTable table;
    private final Store store;
    private final Time time;
    private final Events events;
    private final Promise<Boolean> closing = new Promise<>();
    private final Promise<Boolean> ended = new Promise<>();
    private volatile Pending pending = new Pending();
    private long generation;
    private long logBytes;
    private long snapshotBytes;
    private boolean unforced;
    private volatile @Nullable String problem;

    /** The changes that wait to be written to one log. */
    private static final class Pending implements Consumer<RegistryTable.Entry> {
        private ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private boolean overflown;
        private Promise<Boolean> available = new Promise<>();

        @Override
        public void accept(RegistryTable.Entry entry) {
            add(JournalFormat.record(entry));
        }

        private synchronized void add(byte[] record) {
            if (bytes.size() + record.length > PENDING_BYTES_MAX) {
                overflown = true;
            } else {
                bytes.writeBytes(record);
            }
            available.complete(true);
        }

        synchronized byte[] take() throws IOException {
            if (overflown) {
                throw new IOException("it is too slow: " + PENDING_BYTES_MAX + " bytes were waiting");
            }
            byte[] taken = bytes.toByteArray();
            bytes = new ByteArrayOutputStream();
            available = new Promise<>();
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
     * @throws IOException if the store cannot be read or written
     */
    public Journal(RegistryTable table, Store store, Time time, Events events) throws IOException {
        this.table = table;
        this.store = store;
        this.time = time;
        this.events = events;
        restore();
        snapshot();
        Thread.ofVirtual().name("treaty-registry-journal").start(this::run);
    }

    private void restore() throws IOException {
        var snapshots = new TreeSet<Long>();
        for (String name : store.names()) {
            number(SNAPSHOT, name).ifPresent(snapshots::add);
            number(LOG, name).ifPresent(n -> generation = Math.max(generation, n));
        }
        generation = Math.max(generation, snapshots.isEmpty() ? 0 : snapshots.last());
        long from = 0;
        for (long number : snapshots.descendingSet()) {
            List<RegistryTable.Entry> entries = new ArrayList<>();
            if (JournalFormat.read(store.read(SNAPSHOT + number), entries::add)) {
                entries.forEach(this::restore);
                from = number;
                break;
            }
        }
        for (long number = from; number <= generation; number++) {
            if (store.names().contains(LOG + number)) {
                JournalFormat.read(store.read(LOG + number), this::restore);
            }
        }
    }

    private void restore(RegistryTable.Entry entry) {
        table.restore(entry, time.nanoTime(), time.instant());
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
        return Optional.ofNullable(problem);
    }

    private void run() {
        try {
            boolean incomplete = false; // a change is missing from the log, so that only a snapshot helps
            while (closing.now() == null) {
                try {
                    if (incomplete) {
                        snapshot();
                        incomplete = false;
                    } else {
                        awaitAndWrite();
                    }
                    recovered();
                } catch (IOException e) {
                    incomplete = true;
                    failed(e);
                    closing.await(time, RETRY_NANOS);
                }
            }
            if (incomplete) {
                snapshot();
            }
            write(true);
        } catch (IOException e) {
            problem = "the last changes of the registry's state could not be saved: " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended.complete(true);
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
        byte[] bytes = pending.take();
        if (bytes.length > 0) {
            store.append(LOG + generation, bytes);
            logBytes += bytes.length;
            unforced = true;
        }
        if (force && unforced) {
            store.force(LOG + generation);
            unforced = false;
        }
    }

    /**
     * Writes the whole table and starts a new log. The old snapshot and log are deleted last, so they remain if the
     * process stops in the meantime.
     */
    private void snapshot() throws IOException {
        var next = new Pending();
        List<RegistryTable.Entry> entries = table.journal(next);
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(JournalFormat.HEADER);
        entries.forEach(entry -> bytes.writeBytes(JournalFormat.record(entry)));
        bytes.writeBytes(JournalFormat.end(entries.size()));
        pending = next;
        long number = generation + 1;
        store.delete(LOG + number); // of an attempt that failed
        store.append(LOG + number, JournalFormat.HEADER);
        store.replace(SNAPSHOT + number, bytes.toByteArray());
        generation = number;
        snapshotBytes = bytes.size();
        logBytes = 0;
        unforced = true;
        for (String name : store.names()) {
            if (number(SNAPSHOT, name).orElse(number) < number
                    || number(LOG, name).orElse(number) < number) {
                store.delete(name);
            }
        }
    }

    private void failed(IOException e) {
        if (problem == null) {
            problem = "the registry's state cannot be saved: " + e.getMessage();
            events.emit(new Event.RegistryChanged(RegistryService.SELF, true, problem));
        }
    }

    private void recovered() {
        if (problem != null) {
            problem = null;
            events.emit(new Event.RegistryChanged(RegistryService.SELF, true, "the registry's state is saved again"));
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
