package dev.treaty.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol.Health;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.Lease;
import dev.treaty.registry.server.FileStore;
import dev.treaty.registry.server.Journal;
import dev.treaty.registry.server.RegistryService;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.spi.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    private static final ServiceName ORDERS = RegistryConformance.ORDERS;
    private static final String TOKEN = "a-token-of-mine";

    /** A registry that stores its state, without a network. */
    private static final class Stored implements AutoCloseable {
        final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, RandomSource.system());
        final Queue<String> events = new ConcurrentLinkedQueue<>();
        final Journal journal;
        final RegistryService service;

        Stored(Store store, Time time) throws IOException {
            this.journal = new Journal(table, store, time, event -> {
                if (event instanceof Event.RegistryChanged changed) {
                    events.add(changed.message());
                }
            });
            this.service = new RegistryService(table, time, Events.NONE);
        }

        void register(String id) {
            service.register(Instance.of(RegistryConformance.instance(ORDERS, id)), TOKEN, 600_000);
        }

        Map<String, String> view() {
            var view = new TreeMap<String, String>();
            service.instances(ORDERS.value(), "", 10_000, Optional.empty())
                    .forEach(i -> view.put(i.id(), i.health().orElseThrow().message()));
            return view;
        }

        SettingsStore.Stored settings() {
            var registry = new EmbeddedRegistry(table, Time.system(), Events.NONE);
            return registry.settings().read();
        }

        @Override
        public void close() throws IOException {
            service.close();
            journal.close();
        }
    }

    @Test
    void registered_instances_are_restored_after_a_restart(@TempDir Path directory) throws IOException {
        try (var before = new Stored(new FileStore(directory), Time.system())) {
            before.register("a");
            before.register("b");
            before.register("gone");
            before.service.report("b", TOKEN, new Health(Status.WARNING, "hm", Optional.empty(), Optional.empty()));
            before.service.deregister("gone", TOKEN);
            before.service.publish("contract shop.Orders 1.4.0\nget() -> string", false);
            before.service.drain("a", true, 0);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        try (var after = new Stored(new FileStore(directory), Time.system())) {
            var instances = after.service.instances(ORDERS.value(), "", 10, Optional.empty());
            assertThat(instances).extracting(Instance::id).containsExactly("a", "b");
            assertThat(instances.get(0).health().orElseThrow().status()).isEqualTo(Status.DRAINING);
            assertThat(instances.get(1).health().orElseThrow().message()).isEqualTo("hm");
            assertThat(instances.get(1).metadata()).contains(Map.of("team", "orders", "commit", "f00"));
            assertThat(after.service.contract("shop.Orders")).get().asString().contains("1.4.0");
            assertThat(after.service
                            .renew(List.of(new Lease("a", TOKEN), new Lease("b", TOKEN)))
                            .unknown())
                    .as("instances that have to register again")
                    .isEmpty();
            assertThatThrownBy(() -> after.service.deregister("b", "another-token"))
                    .hasMessageContaining("token");
        }
    }

    @Test
    void central_settings_are_restored_after_a_restart() throws IOException {
        var store = new MemoryStore();
        String text = "{\"deadline\":\"2s\"}\n\u6f22".repeat(10_000);
        try (var before = new Stored(store, Time.system())) {
            assertThat(before.service.replaceSettings(0, 1, "first")).isTrue();
            assertThat(before.service.replaceSettings(1, 2, text)).isTrue();
        }
        for (int restart = 0; restart < 2; restart++) { // from the log, and from the snapshot
            try (var after = new Stored(store, Time.system())) {
                assertThat(after.settings()).isEqualTo(new SettingsStore.Stored(2, text));
            }
        }
        try (var after = new Stored(store, Time.system())) {
            assertThat(after.service.replaceSettings(2, 3, "third")).isTrue();
        }
        try (var after = new Stored(store, Time.system())) {
            assertThat(after.settings()).isEqualTo(new SettingsStore.Stored(3, "third"));
        }
    }

    @Test
    void files_of_the_versions_before_central_settings_are_read() throws IOException {
        for (byte version = 1; version <= 2; version++) {
            var store = new MemoryStore();
            try (var before = new Stored(store, Time.system())) {
                before.register("a");
                before.register("b");
            }
            for (String name : store.names()) {
                byte[] bytes = store.read(name);
                bytes["TREATY\0".length()] = version;
                store.replace(name, out -> out.write(bytes));
            }

            try (var after = new Stored(store, Time.system())) {
                assertThat(after.view()).containsOnlyKeys("a", "b");
                assertThat(after.settings()).isEqualTo(SettingsStore.Stored.NONE);
                assertThat(after.events).isEmpty();
            }
        }
    }

    /** A crash of the machine leaves one of the earlier states, never a mixture. */
    @Property(tries = 150)
    void a_crash_of_the_machine_leaves_an_earlier_state(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        var store = new MemoryStore();
        var history = new ArrayList<Map<String, String>>();
        MemoryStore after;
        try (var before = new Stored(store, Time.system())) {
            history.add(before.view());
            for (int step = random.nextInt(40); step > 0; step--) {
                String id = "i" + random.nextInt(6);
                if (random.nextInt(3) > 0 || !before.view().containsKey(id)) {
                    before.register(id);
                    history.add(before.view());
                    before.service.report(
                            id, TOKEN, new Health(Status.PASSING, "" + step, Optional.empty(), Optional.empty()));
                } else {
                    before.service.deregister(id, TOKEN);
                }
                history.add(before.view());
                if (random.nextInt(8) == 0) {
                    LockSupport.parkNanos(random.nextInt(300_000)); // so that part of it is written
                }
            }
            after = store.afterCrash(random);
        }
        try (var restored = new Stored(after, Time.system())) {
            assertThat(restored.view()).isIn(history);
        }
        try (var orderly = new Stored(store, Time.system())) {
            assertThat(orderly.view()).as("the state after an orderly close").isEqualTo(history.getLast());
        }
    }

    @Test
    void a_torn_log_is_read_up_to_the_damage(@TempDir Path directory) throws IOException {
        try (var before = new Stored(new FileStore(directory), Time.system())) {
            before.register("a");
            before.register("b");
        }
        Path log;
        try (var files = Files.list(directory)) {
            log = files.filter(f -> f.getFileName().toString().startsWith("log-"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(log);
        Files.write(log, Arrays.copyOf(bytes, bytes.length - 3), StandardOpenOption.TRUNCATE_EXISTING);

        try (var after = new Stored(new FileStore(directory), Time.system())) {
            assertThat(after.view()).containsOnlyKeys("a");
            after.register("c");
        }
        try (var again = new Stored(new FileStore(directory), Time.system())) {
            assertThat(again.view()).containsOnlyKeys("a", "c");
        }
    }

    @Test
    void a_growing_log_is_replaced_by_a_snapshot() throws IOException {
        var store = new MemoryStore();
        try (var before = new Stored(store, Time.system())) {
            String message = "x".repeat(8_000);
            for (int i = 0; i < 1_200; i++) {
                if (i % 100 == 0) {
                    before.register("a" + i);
                }
                before.service.report(
                        "a" + i / 100 * 100,
                        TOKEN,
                        new Health(Status.PASSING, message + i, Optional.empty(), Optional.empty()));
            }
            Polling.until(() -> names(store).stream().noneMatch(name -> name.equals("state-1")));
        }
        assertThat(names(store)).hasSize(2);
        try (var after = new Stored(store, Time.system())) {
            assertThat(after.view()).hasSize(12);
        }
    }

    private static Set<String> names(Store store) {
        try {
            return store.names();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_disk_failure_is_reported_and_retried() throws IOException {
        var time = new ManualTime();
        var store = new MemoryStore();
        var stored = new Stored(store, time);
        store.fail(true);
        stored.register("a");
        Polling.until(() -> stored.journal.problem().isPresent());
        assertThat(stored.journal.problem()).get().asString().contains("cannot be saved", "no space left on device");
        assertThat(stored.view()).as("the registry continues").containsOnlyKeys("a");

        store.fail(false);
        stored.register("b");
        Polling.until(() -> {
            time.advance(Duration.ofMillis(500));
            return stored.journal.problem().isEmpty();
        });
        Polling.until(() -> stored.events.size() >= 2); // the recovery is reported after it
        assertThat(stored.events).hasSize(2);
        stored.close();

        try (var after = new Stored(store, Time.system())) {
            assertThat(after.view()).containsOnlyKeys("a", "b");
        }
    }

    @Test
    void a_lasting_disk_failure_is_retried_until_everything_is_stored() throws IOException {
        var time = new ManualTime();
        var store = new MemoryStore();
        try (var stored = new Stored(store, time)) {
            store.fail(true);
            stored.register("a");
            Polling.until(() -> stored.journal.problem().isPresent() && time.sleepers() == 2);
            for (int i = 0; i < 3; i++) {
                time.advance(Duration.ofSeconds(5));
                Polling.until(() -> time.sleepers() == 2); // lease expiry, and the journal between two attempts
            }
            assertThat(stored.journal.problem()).isPresent();
            assertThat(stored.events).as("reports").hasSize(1);

            store.fail(false);
            time.advance(Duration.ofSeconds(5));
            Polling.until(() -> stored.journal.problem().isEmpty());
            try (var after = new Stored(store.afterCrash(new Random(1)), Time.system())) {
                assertThat(after.view()).containsOnlyKeys("a");
            }
        }
    }

    @Test
    void a_directory_belongs_to_one_registry_and_its_user(@TempDir Path parent) throws IOException {
        Path directory = parent.resolve("new/directory");
        try (var stored = new Stored(new FileStore(directory), Time.system())) {
            stored.register("a");
            assertThatThrownBy(() -> new FileStore(directory)).hasMessageContaining("in use by another registry");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
                    .isEqualTo("rwx------");
            try (var files = Files.list(directory)) {
                assertThat(files.filter(f -> !f.endsWith("lock")))
                        .allSatisfy(
                                file -> assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                                        .isEqualTo("rw-------"));
            }
        }
        new FileStore(directory).close();
    }
}
