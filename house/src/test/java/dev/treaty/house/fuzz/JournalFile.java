package dev.treaty.house.fuzz;

import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.server.Journal;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.simulation.MemoryStore;
import java.io.IOException;

/** The file of a registry's journal, with any bytes in it. */
final class JournalFile {
    private JournalFile() {}

    /** Restores a table from bytes, writes it, and restores another one from that. */
    static void restore(byte[] bytes) {
        var store = new MemoryStore();
        try {
            store.append("log-1", bytes);
            String restored = restored(store);
            String again = restored(store);
            if (!restored.equals(again)) {
                throw new AssertionError("restored is " + restored + ", but then " + again);
            }
        } catch (IOException e) {
            // a newer version of Treaty has written it
        }
    }

    private static String restored(MemoryStore store) throws IOException {
        var table = new RegistryTable(RegistryLimits.STANDARD, RandomSource.system());
        try (var journal = new Journal(table, store, Time.system(), Events.NONE)) {
            if (journal.problem().isPresent()) {
                throw new AssertionError(journal.problem().get());
            }
            var registry = new EmbeddedRegistry(table, Time.system(), Events.NONE);
            return registry.services().stream()
                    .map(service -> service + " " + registry.contracts(service)
                            + registry.lookup(service).stream()
                                    .map(ServiceInstance::id)
                                    .toList())
                    .toList()
                    .toString();
        }
    }
}
