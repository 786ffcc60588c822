package dev.treaty.registry.spi;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.RemovalReason;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A backend over a store of texts with paths, which changes several of them in one transaction and deletes what is
 * under a lease when that ends. One transaction claims an id and writes the instance, so that an id has one holder.
 *
 * <p>A store may be set back: restored from a snapshot, for example. Then it contains what was deleted since, under a
 * lease that still lives. So a renewal compares everything that is under the lease with what should be.
 */
public abstract class LeasedBackend implements Backend {
    /** The prefix of the text that replaces an instance before it is deleted, if followers read the reason there. */
    public static final String GONE = "gone: ";

    /** How often a transaction that conflicts with others is tried. */
    private static final int TRIES = 8;

    /** The paths of this registry. */
    protected final StorePaths paths;

    /** What this process acknowledges, by the path of its record. */
    private final Map<String, Supplier<Optional<String>>> attended = new ConcurrentHashMap<>();

    private long store; // guarded by this, as all below
    private long position;
    private int restores;

    protected LeasedBackend(StorePaths paths) {
        this.paths = paths;
    }

    /**
     * A text in the store.
     *
     * @param version differs after each change of the text
     * @param lease the lease under which it is; 0 for none
     */
    public record Entry(String path, String text, long version, long lease) {}

    /**
     * A part of a transaction.
     *
     * @param before what has to be there; null for nothing
     * @param text what is there afterwards; null for nothing
     */
    public record Step(
            String path, @Nullable Entry before, @Nullable String text, long lease) {
        static Step delete(Entry before) {
            return new Step(before.path(), before, null, 0);
        }
    }

    /** Returns what is at a path, or null. */
    protected abstract @Nullable Entry read(String path) throws InterruptedException;

    /** Returns what is directly below a path, in the order of the last changes. */
    protected abstract List<Entry> children(String parent) throws InterruptedException;

    /** Returns the names directly below a path that have something below them. */
    protected abstract Collection<String> parents(String parent) throws InterruptedException;

    /**
     * Changes the store.
     *
     * @return false if nothing was changed, since something else is there than before, or the lease has ended
     */
    protected abstract boolean commit(List<Step> steps) throws InterruptedException;

    /**
     * Deletes an instance and its claim, and passes the reason to followers.
     *
     * @param last whether a conflict over the reason no longer matters
     * @return false if nothing was deleted, since something else is there
     */
    protected abstract boolean remove(Entry claim, @Nullable Entry instance, String reason, boolean last)
            throws InterruptedException;

    /** Returns this client's lease, which is acquired if there is none. */
    protected abstract long lease() throws InterruptedException;

    /** Renews this client's lease, and returns the paths of everything that is under it. */
    protected abstract Set<String> renew() throws InterruptedException;

    /** Returns when leases were last renewed; empty for those that are only known to live. */
    protected abstract Map<Long, Optional<Instant>> renewals(Set<Long> leases) throws InterruptedException;

    /** Returns the last position in the history of the store that an answer had; to be passed to {@link #observe}. */
    protected final synchronized long position() {
        return position;
    }

    /**
     * Records where in the history of the store an answer was given. A store that goes back, or another store, has
     * another history.
     *
     * @param identity identifies the store
     * @param before the position before the request was sent
     */
    protected final synchronized void observe(long identity, long before, long now) {
        if ((store != 0 && store != identity) || now < before) {
            restores++;
            position = now;
        }
        store = identity;
        position = Math.max(position, now);
    }

    private synchronized String history() {
        return store + "." + restores;
    }

    @Override
    public String epoch(String candidate) throws InterruptedException {
        Entry known = read(paths.epoch());
        while (known == null) {
            commit(List.of(new Step(paths.epoch(), null, candidate, 0)));
            known = read(paths.epoch());
        }
        return known.text + " " + history();
    }

    /** One try of a change. */
    private interface Try<T> {
        /** Returns an empty result after a conflict with another change. */
        Optional<T> run(boolean last) throws InterruptedException;
    }

    private static <T> T repeat(String path, Try<T> change) throws InterruptedException {
        for (int i = 1; i <= TRIES; i++) {
            Optional<T> result = change.run(i == TRIES);
            if (result.isPresent()) {
                return result.get();
            }
        }
        throw new ServiceException(Code.UNAVAILABLE, path + " changes too often");
    }

    /** Returns a result if a change was made. */
    private <T> Optional<T> committed(T result, Step... steps) throws InterruptedException {
        return commit(List.of(steps)) ? Optional.of(result) : Optional.empty();
    }

    private void put(String path, String text) throws InterruptedException {
        repeat(path, _ -> committed(true, new Step(path, read(path), text, 0)));
    }

    private void delete(String path) throws InterruptedException {
        repeat(path, _ -> {
            Entry before = read(path);
            return before == null ? Optional.of(true) : committed(true, Step.delete(before));
        });
    }

    /** Returns the text that the store keeps for the id of an instance. */
    private static String claim(Holding holding) {
        return holding.owner() + " " + holding.service();
    }

    /** Returns what the text of an id stands for; something unknown if another program has written it. */
    private static Holding holding(String id, String claim) {
        int space = claim.indexOf(' ');
        try {
            return new Holding(id, new ServiceName(claim.substring(space + 1)), claim.substring(0, Math.max(0, space)));
        } catch (IllegalArgumentException e) {
            return new Holding(id, new ServiceName("unknown"), "");
        }
    }

    /** Returns the text of an instance, or an empty text if there is none. */
    private static String text(@Nullable Entry instance) {
        return instance == null || instance.text.startsWith(GONE) ? "" : instance.text;
    }

    @Override
    public Optional<Holding> hold(Holding holding, UnaryOperator<String> value) throws InterruptedException {
        String path = paths.instance(holding.service(), holding.id());
        return repeat(path, _ -> {
            Entry claim = read(paths.id(holding.id()));
            if (claim != null && !claim.text.equals(claim(holding))) {
                return Optional.of(Optional.of(holding(holding.id(), claim.text)));
            }
            Entry before = read(path);
            long lease = lease();
            return committed(
                    Optional.<Holding>empty(),
                    new Step(paths.id(holding.id()), claim, claim(holding), lease),
                    new Step(path, before, value.apply(claim == null ? "" : text(before)), lease));
        });
    }

    @Override
    public boolean change(Holding holding, UnaryOperator<String> value) throws InterruptedException {
        String path = paths.instance(holding.service(), holding.id());
        return repeat(path, _ -> {
            Entry claim = read(paths.id(holding.id()));
            Entry before = read(path);
            if (claim == null
                    || !claim.text.equals(claim(holding))
                    || before == null
                    || text(before).isEmpty()) {
                return Optional.of(false);
            }
            String after = value.apply(before.text);
            return after.equals(before.text)
                    ? Optional.of(true)
                    : committed(true, new Step(path, before, after, before.lease));
        });
    }

    @Override
    public void release(Holding holding, String reason) throws InterruptedException {
        String path = paths.instance(holding.service(), holding.id());
        repeat(path, last -> {
            Entry claim = read(paths.id(holding.id()));
            return claim == null || !claim.text.equals(claim(holding)) || remove(claim, read(path), reason, last)
                    ? Optional.of(true)
                    : Optional.empty();
        });
    }

    @Override
    public Optional<Holding> holding(String id) throws InterruptedException {
        return Optional.ofNullable(read(paths.id(id))).map(claim -> holding(id, claim.text));
    }

    @Override
    public Set<String> renew(Supplier<Collection<Holding>> holdings) throws InterruptedException {
        Set<String> present = renew();
        var expected = new HashSet<String>();
        attended.forEach((path, acknowledged) -> acknowledged.get().ifPresent(_ -> expected.add(path)));
        var missing = new HashSet<String>();
        for (Holding holding : holdings.get()) { // read last, so that nothing that was just written looks unexpected
            String path = paths.instance(holding.service(), holding.id());
            expected.addAll(List.of(path, paths.id(holding.id())));
            if (!present.contains(path)) {
                missing.add(holding.id());
            }
        }
        for (String path : new TreeSet<>(present).reversed()) { // instances before their claims
            if (!expected.contains(path)) {
                removeUnexpected(path);
            }
        }
        for (var each : attended.entrySet()) {
            if (!present.contains(each.getKey())) {
                record(each.getKey(), each.getValue());
            }
        }
        return missing;
    }

    /** Removes what this client has removed before, and the store has again. */
    private void removeUnexpected(String path) throws InterruptedException {
        Entry claim = read(paths.id(StorePaths.name(path)));
        boolean instance = path.startsWith(paths.instances() + "/");
        if (!instance || claim == null || !remove(claim, read(path), RemovalReason.CLOSED.text(), true)) {
            delete(path);
        }
    }

    @Override
    public Map<String, Optional<Instant>> renewals(ServiceName service) throws InterruptedException {
        List<Entry> instances = children(paths.instances(service)).stream()
                .filter(entry -> entry.lease != 0 && !text(entry).isEmpty())
                .toList();
        Map<Long, Optional<Instant>> leases =
                renewals(instances.stream().map(Entry::lease).collect(Collectors.toSet()));
        var renewals = new TreeMap<String, Optional<Instant>>();
        instances.forEach(
                entry -> renewals.put(StorePaths.name(entry.path), leases.getOrDefault(entry.lease, Optional.empty())));
        return renewals;
    }

    @Override
    public void attend(ServiceName service, String watcher, Supplier<Optional<String>> acknowledged)
            throws InterruptedException {
        String path = paths.watcher(service, watcher);
        attended.put(path, acknowledged);
        try {
            if (!record(path, acknowledged)) {
                attended.remove(path, acknowledged);
            }
        } catch (ServiceException e) {
            if (e.code() == Code.PERMISSION_DENIED) { // this client may only read
                attended.remove(path);
            }
            throw e;
        }
    }

    /**
     * Records what this process acknowledges. That is asked for after the record is read: of two records at a time, the
     * one that is asked for first fails if it is written last.
     *
     * @return whether it watches the service
     */
    private boolean record(String path, Supplier<Optional<String>> acknowledged) throws InterruptedException {
        return repeat(path, _ -> {
            Entry before = read(path);
            Optional<String> text = acknowledged.get();
            if (text.isEmpty()) {
                return before == null ? Optional.of(false) : committed(false, Step.delete(before));
            }
            long lease = lease();
            if (before != null && before.text.equals(text.get()) && before.lease == lease) {
                return Optional.of(true);
            }
            // If the service is given up meanwhile, this may be the first record, and was not there to be deleted.
            return committed(true, new Step(path, before, text.get(), lease))
                    .filter(_ -> acknowledged.get().isPresent());
        });
    }

    @Override
    public Map<String, String> watchers(ServiceName service) throws InterruptedException {
        var watchers = new HashMap<String, String>();
        children(paths.watchers(service)).forEach(entry -> watchers.put(StorePaths.name(entry.path), entry.text));
        return watchers;
    }

    @Override
    public void store(ServiceName service, Version version, String contract) throws InterruptedException {
        put(paths.contract(service, version), contract);
    }

    @Override
    public void forget(ServiceName service, Version version) throws InterruptedException {
        delete(paths.contract(service, version));
    }

    @Override
    public List<String> contracts(ServiceName service) throws InterruptedException {
        return children(paths.contracts(service)).stream().map(Entry::text).toList();
    }

    @Override
    public boolean keepsSettings() {
        return true;
    }

    private String settingsPath() {
        return paths.settings() + "/" + SETTINGS;
    }

    @Override
    public String settings() throws InterruptedException {
        return text(read(settingsPath()));
    }

    @Override
    public boolean replaceSettings(String before, String after) throws InterruptedException {
        Entry known = read(settingsPath());
        return text(known).equals(before) && commit(List.of(new Step(settingsPath(), known, after, 0)));
    }

    @Override
    public boolean expires() {
        return true;
    }

    @Override
    public Set<String> services() throws InterruptedException {
        var names = new TreeSet<String>(parents(paths.instances()));
        names.addAll(parents(paths.contracts()));
        return names;
    }

    @Override
    public Map<String, String> instances(ServiceName service) throws InterruptedException {
        var instances = new HashMap<String, String>();
        for (Entry each : children(paths.instances(service))) {
            if (!each.text.startsWith(GONE)) {
                instances.put(StorePaths.name(each.path), each.text);
            }
        }
        return instances;
    }
}
