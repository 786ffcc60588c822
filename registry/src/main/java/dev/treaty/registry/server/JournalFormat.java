package dev.treaty.registry.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.registry.server.RegistryTable.Entry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The binary format of a journal: eight bytes that name the format, then the entries, each as its length, the CRC-32C
 * of its bytes, and its bytes. What is torn or damaged is skipped up to the next entry whose checksum is right.
 */
final class JournalFormat {
    /** The beginning of a file; its last byte is the version of the format. */
    static final byte[] HEADER = "TREATY\0\4".getBytes(UTF_8);

    private static final int VERSION_AT = HEADER.length - 1;
    private static final int VERSION = HEADER[VERSION_AT];

    private static final int RECORD_BYTES_MAX = 1 << 20;
    private static final int REGISTERED = 1;
    private static final int GONE = 2;
    private static final int PUBLISHED = 3;
    private static final int END = 4;
    private static final int WITHDRAWN = 5;
    private static final int SETTINGS = 6;
    private static final int REGISTERED_BY = 7;

    private JournalFormat() {}

    /** Returns an entry as a record, with length and checksum. */
    static byte[] record(Entry entry) {
        return record(out -> {
            switch (entry) {
                case Entry.Registered(var instance, var token, var identity, var lengthNanos, var drained) -> {
                    out.writeByte(identity.isEmpty() ? REGISTERED : REGISTERED_BY);
                    if (!identity.isEmpty()) {
                        text(out, identity);
                    }
                    text(out, token);
                    out.writeLong(lengthNanos);
                    out.writeBoolean(drained);
                    instance(out, instance);
                }
                case Entry.Gone(var id) -> {
                    out.writeByte(GONE);
                    text(out, id);
                }
                case Entry.Published(var contract) -> {
                    out.writeByte(PUBLISHED);
                    text(out, contract);
                }
                case Entry.Withdrawn(var service, var version) -> {
                    out.writeByte(WITHDRAWN);
                    text(out, service.value());
                    text(out, version.toString());
                }
                case Entry.Settings(var stored) -> {
                    out.writeByte(SETTINGS);
                    out.writeLong(stored.number());
                    text(out, stored.text());
                }
            }
        });
    }

    /** Writes a snapshot, whose last record counts the others; returns its length. */
    static long writeSnapshot(List<Entry> entries, OutputStream out) throws IOException {
        out.write(HEADER);
        long length = HEADER.length;
        for (Entry entry : entries) {
            byte[] record = record(entry);
            out.write(record);
            length += record.length;
        }
        out.write(record(end -> {
            end.writeByte(END);
            end.writeInt(entries.size());
        }));
        return length;
    }

    @FunctionalInterface
    private interface Content {
        void write(DataOutputStream out) throws IOException;
    }

    private static byte[] record(Content content) {
        var bytes = new ByteArrayOutputStream(512);
        try (var out = new DataOutputStream(bytes)) {
            out.writeLong(0); // replaced by length and checksum
            content.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory cannot fail", e);
        }
        byte[] record = bytes.toByteArray();
        int length = record.length - Long.BYTES;
        ByteBuffer.wrap(record).putInt(length).putInt(checksum(record, Long.BYTES, length));
        return record;
    }

    private static int checksum(byte[] bytes, int from, int length) {
        var checksum = new CRC32C();
        checksum.update(bytes, from, length);
        return (int) checksum.getValue();
    }

    /**
     * What was read from a file.
     *
     * @param complete whether it is a snapshot with all its entries
     * @param unreadable which parts could not be read, and why
     */
    record Contents(List<Entry> entries, boolean complete, List<String> unreadable) {}

    /**
     * Reads all entries that can be read.
     *
     * @throws IOException if a newer version of Treaty has written the file
     */
    static Contents read(String name, byte[] file) throws IOException {
        var entries = new ArrayList<Entry>();
        var unreadable = new ArrayList<String>();
        if (file.length <= HEADER.length) { // the machine may have stopped before that was durable
            return new Contents(entries, false, unreadable);
        }
        int version = file[VERSION_AT];
        if (!Arrays.equals(HEADER, 0, VERSION_AT, file, 0, VERSION_AT) || version < 1) {
            unreadable.add("its first bytes");
        } else if (version > VERSION) {
            throw new IOException(name + " has the format " + version + ", and this version of Treaty reads up to "
                    + VERSION + ": use the version that wrote it, or another directory");
        }
        boolean complete = false;
        for (int at = HEADER.length; at < file.length; ) {
            int from = at;
            while (at < file.length && !isRecord(file, at)) {
                at++;
            }
            if (at > from) {
                unreadable.add("bytes " + from + " to " + at + " of " + file.length);
                continue;
            }
            int length = ByteBuffer.wrap(file).getInt(at);
            try (var in = new DataInputStream(new ByteArrayInputStream(file, at + Long.BYTES, length))) {
                if (file[at + Long.BYTES] == END) {
                    in.readByte();
                    complete = unreadable.isEmpty() && in.readInt() == entries.size();
                } else {
                    entries.add(entry(in));
                }
            } catch (IOException | RuntimeException e) {
                unreadable.add("the entry at byte " + at + ": " + e.getMessage());
            }
            at += Long.BYTES + length;
        }
        return new Contents(entries, complete, unreadable);
    }

    /** Whether a record with the right checksum begins at a byte. */
    private static boolean isRecord(byte[] file, int at) {
        int from = at + Long.BYTES;
        if (file[at] != 0 || from >= file.length) { // the first byte of a length is always zero
            return false;
        }
        var buffer = ByteBuffer.wrap(file);
        int length = buffer.getInt(at);
        return length >= 1
                && length <= RECORD_BYTES_MAX
                && length <= file.length - from
                && buffer.getInt(at + Integer.BYTES) == checksum(file, from, length);
    }

    private static Entry entry(DataInputStream in) throws IOException {
        int type = in.readByte();
        return switch (type) {
            case REGISTERED -> registered(in, "");
            case REGISTERED_BY -> registered(in, text(in));
            case GONE -> new Entry.Gone(text(in));
            case PUBLISHED -> new Entry.Published(text(in));
            case WITHDRAWN -> new Entry.Withdrawn(new ServiceName(text(in)), Version.parse(text(in)));
            case SETTINGS -> new Entry.Settings(new Stored(in.readLong(), text(in)));
            default -> throw new IOException("an entry of type " + type);
        };
    }

    private static Entry registered(DataInputStream in, String identity) throws IOException {
        String token = text(in);
        long lengthNanos = in.readLong();
        boolean drained = in.readBoolean();
        return new Entry.Registered(instance(in), token, identity, lengthNanos, drained);
    }

    private static void instance(DataOutputStream out, ServiceInstance instance) throws IOException {
        text(out, instance.id());
        text(out, instance.service().value());
        text(out, instance.version().toString());
        text(out, instance.endpoint().protocol());
        text(out, instance.endpoint().host());
        out.writeInt(instance.endpoint().port());
        ServiceHealth health = instance.health();
        text(out, health.status().name());
        text(out, health.message());
        instant(out, health.timestamp());
        texts(out, health.details());
        text(out, instance.region());
        text(out, instance.zone());
        out.writeInt(instance.weight());
        text(out, instance.contract());
        texts(out, instance.metadata());
        instant(out, instance.startedAt());
    }

    private static ServiceInstance instance(DataInputStream in) throws IOException {
        return new ServiceInstance(
                text(in),
                new ServiceName(text(in)),
                Version.parse(text(in)),
                new ServiceEndpoint(text(in), text(in), in.readInt()),
                new ServiceHealth(ServiceHealth.Status.valueOf(text(in)), text(in), instant(in), texts(in)),
                text(in),
                text(in),
                in.readInt(),
                text(in),
                texts(in),
                instant(in));
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String text(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > RECORD_BYTES_MAX) {
            throw new IOException("a text of " + length + " bytes");
        }
        return new String(in.readNBytes(length), UTF_8);
    }

    private static void texts(DataOutputStream out, Map<String, String> texts) throws IOException {
        out.writeInt(texts.size());
        for (var entry : texts.entrySet()) {
            text(out, entry.getKey());
            text(out, entry.getValue());
        }
    }

    private static Map<String, String> texts(DataInputStream in) throws IOException {
        var texts = new HashMap<String, String>();
        for (int left = in.readInt(); left > 0; left--) {
            texts.put(text(in), text(in));
        }
        return texts;
    }

    private static void instant(DataOutputStream out, Instant instant) throws IOException {
        out.writeLong(instant.getEpochSecond());
        out.writeInt(instant.getNano());
    }

    private static Instant instant(DataInputStream in) throws IOException {
        return Instant.ofEpochSecond(in.readLong(), in.readInt());
    }
}
