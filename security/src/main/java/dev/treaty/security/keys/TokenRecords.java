package dev.treaty.security.keys;

import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.security.TokenProtocol.ApiKey;
import dev.treaty.security.TokenProtocol.Revocation;
import dev.treaty.security.TokenProtocol.State;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The API keys and revocations of a service of tokens, in a journal. Each has a revision, so that a follower gets only
 * what is newer than what it has seen; both end by time, which a follower sees by itself. It is thread-safe.
 */
public final class TokenRecords implements AutoCloseable {
    private static final String FILE = "records.journal";
    private static final int PAGE = 1_000;
    private static final int SLACK = 1_000;

    private final LineJournal journal;
    private final NavigableMap<String, Long> keys = new TreeMap<>();
    private final Map<String, Long> revoked = new HashMap<>();
    private final NavigableMap<Long, Entry> byRevision = new TreeMap<>();
    private String epoch;
    private long revision;
    private long appended;

    /** An API key or a revocation. */
    private record Entry(@Nullable ApiKey key, @Nullable Revocation revocation) {
        boolean endedAt(Instant now) {
            return key != null ? now.isAfter(key.expiresAt()) : revocation != null && now.isAfter(revocation.until());
        }
    }

    /**
     * Reads the journal, or creates it.
     *
     * @param newEpoch identifies the records, if there is no journal yet
     * @throws IOException if it cannot be read, written or understood
     */
    public TokenRecords(OwnerDirectory directory, Instant now, String newEpoch) throws IOException {
        this.journal = new LineJournal(directory, FILE);
        this.epoch = newEpoch;
        List<String> lines = journal.take();
        try {
            for (String line : lines) {
                read(line);
            }
        } catch (MessageException | ClassCastException | IllegalArgumentException | DateTimeException e) {
            throw new IOException(FILE + " is damaged: restore it; without it, revoked tokens are valid again");
        }
        removeEnded(now);
        rewrite();
    }

    private void read(String text) {
        if (!(Json.read(text) instanceof Map<?, ?> line)) {
            throw new IllegalArgumentException("no JSON object");
        }
        long number = field(line, "revision", Number.class).longValue();
        revision = Math.max(revision, number);
        if (line.containsKey("epoch")) {
            epoch = field(line, "epoch", String.class);
        } else if (line.containsKey("revoked")) {
            put(number, new Revocation(field(line, "revoked", String.class), time(line, "until")));
        } else {
            List<String> roles = new ArrayList<>();
            for (Object role : field(line, "roles", List.class)) {
                roles.add(String.class.cast(role));
            }
            put(
                    number,
                    new ApiKey(
                            field(line, "key", String.class),
                            field(line, "sha256", String.class),
                            field(line, "subject", String.class),
                            List.copyOf(roles),
                            time(line, "created"),
                            time(line, "expires")));
        }
    }

    private static <T> T field(Map<?, ?> line, String name, Class<T> type) {
        Object value = line.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name + " is missing");
        }
        return type.cast(value);
    }

    private static Instant time(Map<?, ?> line, String name) {
        return Instant.ofEpochSecond(field(line, name, Number.class).longValue());
    }

    private void put(long number, Revocation revocation) {
        byRevision.put(number, new Entry(null, revocation));
        revoked.put(revocation.id(), number);
        Long key = keys.remove(revocation.id());
        if (key != null) {
            byRevision.remove(key);
        }
    }

    private void put(long number, ApiKey key) {
        byRevision.put(number, new Entry(key, null));
        keys.put(key.id(), number);
    }

    private static String line(long number, Entry record) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("revision", number);
        if (record.key != null) {
            line.put("key", record.key.id());
            line.put("sha256", record.key.sha256());
            line.put("subject", record.key.subject());
            line.put("roles", record.key.roles());
            line.put("created", record.key.createdAt().getEpochSecond());
            line.put("expires", record.key.expiresAt().getEpochSecond());
        } else if (record.revocation != null) {
            line.put("revoked", record.revocation.id());
            line.put("until", record.revocation.until().getEpochSecond());
        }
        return Json.text(line);
    }

    private void rewrite() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(Json.text(new TreeMap<>(Map.of("epoch", epoch, "revision", revision))));
        byRevision.forEach((number, record) -> lines.add(line(number, record)));
        journal.replace(lines);
        appended = 0;
    }

    private boolean removeEnded(Instant now) {
        return byRevision.values().removeIf(record -> {
            boolean ended = record.endedAt(now);
            if (ended && record.key != null) {
                keys.remove(record.key.id());
            } else if (ended && record.revocation != null) {
                revoked.remove(record.revocation.id());
            }
            return ended;
        });
    }

    /**
     * Removes what has ended, and rewrites the journal when most of it is no longer needed.
     *
     * @throws IOException if it cannot be written
     */
    public synchronized void purge(Instant now) throws IOException {
        removeEnded(now);
        if (appended > byRevision.size() + SLACK) {
            rewrite();
        }
    }

    /**
     * Adds a revocation, unless there is one.
     *
     * @return false if there are as many as there may be
     * @throws IOException if it cannot be stored
     */
    public synchronized boolean revoke(Revocation revocation, int max) throws IOException {
        if (revoked.containsKey(revocation.id())) {
            return true;
        }
        if (revoked.size() >= max) {
            return false;
        }
        append(new Entry(null, revocation));
        put(revision, revocation);
        return true;
    }

    /**
     * Adds an API key.
     *
     * @return false if there are as many as there may be
     * @throws IOException if it cannot be stored
     */
    public synchronized boolean add(ApiKey key, int max) throws IOException {
        if (keys.size() >= max) {
            return false;
        }
        append(new Entry(key, null));
        put(revision, key);
        return true;
    }

    private void append(Entry record) throws IOException {
        journal.append(line(revision + 1, record));
        revision++;
        appended++;
    }

    /** Returns whether an id is revoked. */
    public synchronized boolean isRevoked(String id) {
        return revoked.containsKey(id);
    }

    /** Returns an API key. */
    public synchronized Optional<ApiKey> key(String id) {
        return Optional.ofNullable(keys.get(id)).map(byRevision::get).map(Entry::key);
    }

    /** Returns a page of the API keys, in the order of their ids. */
    public synchronized List<ApiKey> list(String after, int max) {
        List<ApiKey> page = new ArrayList<>();
        for (long number : keys.tailMap(after, false).values()) {
            Entry record = byRevision.get(number);
            if (page.size() == max) {
                break;
            }
            if (record != null && record.key != null) {
                page.add(record.key);
            }
        }
        return page;
    }

    /** Returns a page of what has changed since a mark; without changes, its mark is the same. */
    public synchronized State state(String seen, String keysMark, String jwks) {
        String[] parts = seen.split("/", -1);
        long from = 0;
        boolean complete = true;
        if (parts.length == 3 && parts[0].equals(epoch) && parts[1].matches("\\d{1,18}")) {
            long number = Long.parseLong(parts[1]);
            complete = number > revision;
            from = complete ? 0 : number;
        }
        List<Revocation> revocations = new ArrayList<>();
        List<ApiKey> apiKeys = new ArrayList<>();
        long upTo = revision;
        boolean more = false;
        int count = 0;
        for (Map.Entry<Long, Entry> each : byRevision.tailMap(from, false).entrySet()) {
            if (count++ == PAGE) {
                more = true;
                break;
            }
            upTo = each.getKey();
            if (each.getValue().key != null) {
                apiKeys.add(each.getValue().key);
            } else if (each.getValue().revocation != null) {
                revocations.add(each.getValue().revocation);
            }
        }
        String mark = epoch + "/" + (more ? upTo : revision) + "/" + keysMark;
        return new State(mark, complete, more, jwks, revocations, apiKeys);
    }

    @Override
    public synchronized void close() throws IOException {
        journal.close();
    }
}
