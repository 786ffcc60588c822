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
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what a {@link RegistryTable} knows on disk, so that it outlives the process: a snapshot, and a log of what
 * changed since. Renewals are not written. After a restart all leases begin anew, since nobody could renew them
 * meanwhile.
 *
 * <p>Changes are written by a thread of its own, moments after they happened, and never hold up the registry. What the
 * end of a process or of its machine takes with it is little, and heals by itself: a registrant whose lease is not
 * known registers again. A record that is torn ends its log. Where the disk fails, the registry goes on, says so, and
 * tries to write a new snapshot.
 */
public final class Journal implements AutoCloseable {
    /** A log that is shorter is not replaced by a snapshot. */
    private static final long LOG_BYTES_MIN = 4 << 20;

    /** The most that waits to be written; beyond, only a new snapshot helps. */
    private static final int PENDING_BYTES_MAX = 32 << 20;

    /** How often what was written is forced to the disk. */
    private static final long FORCE_NANOS = Duration.ofSeconds(1).toNanos();

    /** How long until a disk that failed is tried again. */
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

    /** What waits to be written to one log. */
    private static final class Pending implements Consumer<RegistryTable.Entry> {
        private final ReentrantLock lock = new ReentrantLock();
        private ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private boolean overflown;
        private Promise<Boolean> some = new Promise<>();

        @Override
        public void accept(RegistryTable.Entry entry) {
            byte[] record = JournalFormat.record(entry);
            lock.lock();
            try {
                if (bytes.size() + record.length > PENDING_BYTES_MAX) {
                    overflown = true;
                } else {
                    bytes.writeBytes(record);
                }
                some.complete(true);
            } finally {
                lock.unlock();
            }
        }

        byte[] take() throws IOException {
            lock.lock();
            try {
                if (overflown) {
                    throw new IOException("it is too slow: " + PENDING_BYTES_MAX + " bytes were waiting");
                }
                byte[] taken = bytes.toByteArray();
                bytes = new ByteArrayOutputStream();
                some = new Promise<>();
                return taken;
            } finally {
                lock.unlock();
            }
        }

        void wake() {
            lock.lock();
            try {
                some.complete(true);
            } finally {
                lock.unlock();
            }
        }

        Promise<Boolean> some() {
            lock.lock();
            try {
                return some;
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * Reads what is in the store into the table, and writes every change from now on.
     *
     * @param table has nothing in it yet
     * @param store is closed with this
     * @param events told where the disk fails, and when it works again
     * @throws IOException where the store cannot be read or written
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
        var numbers = new TreeSet<Long>();
        for (String name : store.names()) {
            number(SNAPSHOT, name).ifPresent(numbers::add);
            number(LOG, name).ifPresent(n -> generation = Math.max(generation, n));
        }
        generation = Math.max(generation, numbers.isEmpty() ? 0 : numbers.last());
        long from = 0;
        for (long number : numbers.descendingSet()) {
            List<RegistryTable.Entry> entries = new ArrayList<>();
            if (JournalFormat.read(store.read(SNAPSHOT + number), entries::add) < 0) {
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

    /** What keeps the state from being saved, in one sentence; nothing where all is well. */
    public Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    private void run() {
        try {
            boolean lacking = false; // some change is in no log, so that only a snapshot helps
            while (closing.now() == null) {
                try {
                    if (lacking) {
                        snapshot();
                        lacking = false;
                    } else {
                        follow();
                    }
                    well();
                } catch (IOException e) {
                    lacking = true;
                    failed(e);
                    closing.await(time, RETRY_NANOS);
                }
            }
            if (lacking) {
                snapshot();
            }
            write(true);
        } catch (IOException e) {
            problem = "the last of the registry's state could not be saved: " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended.complete(true);
        }
    }

    /** Waits for changes and writes them. */
    private void follow() throws IOException, InterruptedException {
        Promise<Boolean> some = pending.some();
        some.await(time, unforced ? FORCE_NANOS : IDLE_NANOS);
        write(some.now() == null);
        if (logBytes > Math.max(LOG_BYTES_MIN, 2 * snapshotBytes)) {
            snapshot();
        }
    }

    /** Writes what waits. */
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
     * Writes all of the table, and begins a new log. A process that ends meanwhile leaves the old snapshot and log,
     * which are taken away last.
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
            boolean old = number(SNAPSHOT, name).orElse(number) < number
                    || number(LOG, name).orElse(number) < number;
            if (old) {
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

    private void well() {
        if (problem != null) {
            problem = null;
            events.emit(new Event.RegistryChanged(RegistryService.SELF, true, "the registry's state is saved again"));
        }
    }

    /** Writes what waits, and closes the store. */
    @Override
    public void close() throws IOException {
        closing.complete(true);
        pending.wake();
        try {
            ended.await(time, RETRY_NANOS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        store.close();
    }
}
