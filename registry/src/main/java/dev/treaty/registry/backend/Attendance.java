package dev.treaty.registry.backend;

import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.server.RegistryTable;
import dev.treaty.registry.spi.Backend;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The records in a store of what this process acknowledges, one for each service that it watches. All {@linkplain
 * CachedView views} of a process share them: whichever thread writes a record, it writes what the newest view has.
 */
final class Attendance {
    /** What identifies a process, and a state that it acknowledges: a {@link RegistryTable#token} and a digest. */
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{32}");

    private final Backend backend;
    private final String watcher;
    private final Map<ServiceName, CachedView.FollowedService> followed = new ConcurrentHashMap<>();

    /** @param watcher identifies this process */
    Attendance(Backend backend, String watcher) {
        this.backend = backend;
        this.watcher = watcher;
    }

    /** A service is followed from now on, instead of by an earlier view; nothing is written. */
    void begin(CachedView.FollowedService service) {
        followed.put(service.name, service);
    }

    /** Deletes the records of services, which are followed no longer; those of closed views may be among them. */
    void end(Predicate<CachedView.FollowedService> idle) throws InterruptedException {
        for (CachedView.FollowedService each : List.copyOf(followed.values())) {
            if (idle.test(each) && followed.remove(each.name, each)) {
                try {
                    write(each.name);
                } catch (ServiceException e) {
                    // The next renewal of the lease deletes it.
                }
            }
        }
    }

    /**
     * Returns what a watcher acknowledges.
     *
     * @param record the text of the record by the watcher
     * @throws IllegalArgumentException if another program has written it
     */
    static Set<String> read(Map.Entry<String, String> record) {
        Set<String> acknowledged = record.getValue().lines().collect(Collectors.toSet());
        if (!DIGEST.matcher(record.getKey()).matches()
                || !acknowledged.stream().allMatch(each -> DIGEST.matcher(each).matches())) {
            throw new IllegalArgumentException("it is not the record of a watcher");
        }
        return acknowledged;
    }

    /** Writes the record of a service, or deletes it. */
    void write(ServiceName service) throws InterruptedException {
        backend.attend(
                service,
                watcher,
                () -> Optional.ofNullable(followed.get(service)).map(CachedView.FollowedService::acknowledged));
    }
}
