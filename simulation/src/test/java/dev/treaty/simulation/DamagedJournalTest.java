package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.server.Journal;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.spi.Store;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a registry does if its files are damaged, of a newer version, or cannot be written. */
class DamagedJournalTest {
    private static final ServiceName ORDERS = RegistryConformance.ORDERS;
    private static final String TOKEN = "a-token-of-mine";
    private static final int VERSION_AT = 7;

    private static final class Stored implements AutoCloseable {
        final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, RandomSource.system());
        final Queue<Event.RegistryChanged> events = new ConcurrentLinkedQueue<>();
        final Journal journal;
        final RegistryService service;

        Stored(Store store, Time time) throws IOException {
            Events recorder = event -> {
                if (event instanceof Event.RegistryChanged changed) {
                    events.add(changed);
                }
            };
            this.journal = new Journal(table, store, time, recorder);
            this.service = new RegistryService(table, time, recorder);
        }

        void register(String id) {
            service.register(Instance.of(RegistryConformance.instance(ORDERS, id)), TOKEN, 600_000);
        }

        List<String> ids() {
            return service.instances(ORDERS.value(), "", 10, Optional.empty()).stream()
                    .map(Instance::id)
                    .toList();
        }

        @Override
        public void close() throws IOException {
            service.close();
            journal.close();
        }
    }

    /** A disk with a snapshot of three instances and a contract, and a log of three more. */
    private static MemoryStore written() throws IOException {
        var store = new MemoryStore();
        try (var first = new Stored(store, Time.system())) {
            List.of("a", "b", "c").forEach(first::register);
            first.service.publish("contract shop.Orders 1.4.0\nget() -> string", false);
        }
        try (var second = new Stored(store, Time.system())) {
            List.of("d", "e", "f").forEach(second::register);
        }
        return store;
    }

    private static Map<String, byte[]> files(Store store) throws IOException {
        var files = new TreeMap<String, byte[]>();
        for (String name : store.names()) {
            files.put(name, store.read(name));
        }
        return files;
    }

    private static void flip(Store store, String name, int at) throws IOException {
        byte[] bytes = store.read(name);
        bytes[at] ^= 0x20;
        store.replace(name, out -> out.write(bytes));
    }

    @Property(tries = 300)
    void a_flipped_byte_loses_one_entry_at_most_and_is_named_R5(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        MemoryStore store = written();
        String name = random.nextBoolean() ? "state-2" : "log-2";
        int at = random.nextInt(store.read(name).length - 1);
        at += at >= VERSION_AT ? 1 : 0;
        flip(store, name, at);
        byte[] damaged = store.read(name);

        try (var after = new Stored(store, Time.system())) {
            assertThat(after.ids().size()
                            + after.service.contracts("shop.Orders", "").size())
                    .as("of six instances and a contract")
                    .isGreaterThanOrEqualTo(6);
            assertThat(after.events).singleElement().satisfies(event -> {
                assertThat(event.problem()).isTrue();
                assertThat(event.message())
                        .contains(
                                "file " + name + " is damaged", "kept as " + name + ".damaged", "rest of it was read");
            });
            assertThat(after.service.health().status()).isEqualTo(Status.WARNING);
            assertThat(after.service.health().message()).contains(name + ".damaged");
            assertThat(store.read(name + ".damaged")).isEqualTo(damaged);
        }
        try (var again = new Stored(store, Time.system())) {
            assertThat(again.events).as("the second start").isEmpty();
            assertThat(store.names()).contains(name + ".damaged");
        }
    }

    @Test
    void what_was_damaged_before_is_kept_too_R5() throws IOException {
        MemoryStore store = written();
        store.replace("log-2.damaged", out -> out.write(1));
        flip(store, "log-2", 20);
        new Stored(store, Time.system()).close();
        assertThat(store.read("log-2.damaged")).containsExactly(1);
        assertThat(store.names()).contains("log-2.damaged2");
    }

    @Test
    void a_snapshot_without_its_end_is_named_and_read_R5() throws IOException {
        MemoryStore store = written();
        byte[] bytes = store.read("state-2");
        store.replace("state-2", out -> out.write(bytes, 0, bytes.length - 13)); // the last record
        try (var after = new Stored(store, Time.system())) {
            assertThat(after.ids()).containsExactly("a", "b", "c", "d", "e", "f");
            assertThat(after.events)
                    .singleElement()
                    .satisfies(
                            event -> assertThat(event.message()).contains("state-2 is damaged (its end is missing)"));
        }
    }

    @Test
    void files_of_a_newer_version_are_refused_and_stay_as_they_are_R5() throws IOException {
        for (String name : List.of("state-2", "log-2")) {
            MemoryStore store = written();
            byte[] bytes = store.read(name);
            bytes[VERSION_AT]++;
            store.replace(name, out -> out.write(bytes));
            Map<String, byte[]> before = files(store);

            assertThatThrownBy(() -> new Stored(store, Time.system()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(name + " has the format 5")
                    .hasMessageContaining("use the version that wrote it");
            assertThat(files(store)).containsExactlyEntriesOf(before);
        }
    }

    @Test
    void an_entry_that_is_over_a_limit_by_now_is_named_R5() throws IOException {
        MemoryStore store = written();
        var table = new RegistryTable(
                new RegistryLimits(9, 9, 9, 9, 9, Duration.ofSeconds(1), Duration.ofMinutes(1), 8),
                RandomSource.system());
        var messages = new ConcurrentLinkedQueue<String>();
        new Journal(table, store, Time.system(), event -> {
                    if (event instanceof Event.RegistryChanged changed) {
                        messages.add(changed.message());
                    }
                })
                .close();
        assertThat(messages).anySatisfy(message -> assertThat(message).contains("state-2", "larger heap"));
        assertThat(store.names()).contains("state-2.damaged", "log-2.damaged");
    }

    /** A disk whose writes may throw an error. */
    private static final class FailingStore implements Store {
        final AtomicReference<@Nullable Error> error = new AtomicReference<>();
        private final MemoryStore store = new MemoryStore();

        private MemoryStore working() {
            Error now = error.get();
            if (now != null) {
                throw now;
            }
            return store;
        }

        @Override
        public Set<String> names() throws IOException {
            return store.names();
        }

        @Override
        public byte[] read(String name) throws IOException {
            return store.read(name);
        }

        @Override
        public void append(String name, byte[] bytes) throws IOException {
            working().append(name, bytes);
        }

        @Override
        public void force(String name) throws IOException {
            working().force(name);
        }

        @Override
        public void replace(String name, Content content) throws IOException {
            working().replace(name, content);
        }

        @Override
        public void delete(String name) throws IOException {
            working().delete(name);
        }

        @Override
        public void close() {}
    }

    @Test
    void an_error_in_the_thread_of_the_journal_is_shown_and_survived_R6() throws IOException {
        var time = new ManualTime();
        var store = new FailingStore();
        try (var stored = new Stored(store, time)) {
            store.error.set(new OutOfMemoryError("Java heap space"));
            stored.register("a");
            Polling.until(() -> stored.journal.problem().isPresent());
            Polling.until(() -> !stored.events.isEmpty());
            assertThat(stored.events).singleElement().satisfies(event -> {
                assertThat(event.problem()).isTrue();
                assertThat(event.message()).contains("cannot be saved", "OutOfMemoryError");
            });
            assertThat(stored.service.health().status()).isEqualTo(Status.WARNING);
            assertThat(stored.service.health().message()).contains("OutOfMemoryError");

            store.error.set(null);
            Polling.until(() -> stored.journal.problem().isEmpty(), () -> time.advance(Duration.ofMillis(500)));
            assertThat(stored.service.health().status()).isEqualTo(Status.PASSING);
        }
        try (var after = new Stored(store.store, Time.system())) {
            assertThat(after.ids()).containsExactly("a");
        }
    }

    @Test
    void a_full_disk_is_shown_by_the_health_of_the_registry_R6() throws IOException {
        var store = new MemoryStore();
        try (var stored = new Stored(store, new ManualTime())) {
            store.fail(true);
            stored.register("a");
            Polling.until(() -> stored.journal.problem().isPresent());
            assertThat(stored.service.health().message()).contains("no space left on device");
            store.fail(false);
        }
    }
}
