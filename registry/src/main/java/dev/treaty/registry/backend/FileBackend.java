package dev.treaty.registry.backend;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.InstanceFormat;
import dev.treaty.registry.spi.ReadOnlyBackend;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A backend that reads instances from a file. It checks the file twice a second, and reads it when it was written,
 * replaced by renaming, or when a symbolic link was changed. A file that cannot be read changes nothing and is reported
 * as a problem.
 */
public final class FileBackend implements ReadOnlyBackend {
    /** The largest file, in bytes. */
    public static final int BYTES_MAX = 4 << 20;

    private static final long CHECK_NANOS = Duration.ofMillis(500).toNanos();

    /** What differs between two states of a file and can be read without its content. */
    private record Attributes(long modifiedMillis, long size, String key) {
        static final Attributes UNKNOWN = new Attributes(-1, -1, "");
    }

    private final Path file;
    private final Function<String, List<RegistryProtocol.Instance>> reader;
    private final InstanceFormat format;
    private final Time time;
    private final Set<Watch> watches = new LinkedHashSet<>(); // notified under the monitor, one change at a time
    private final Promise<Boolean> read = new Promise<>();
    private final Thread thread = Thread.ofVirtual().name("treaty-file").unstarted(this::run);
    private Map<ServiceName, Map<String, String>> instances = Map.of();
    private Attributes attributes = Attributes.UNKNOWN;
    private String problem = "";
    private volatile boolean closed;

    /**
     * Starts to check a file.
     *
     * @param reader reads the text of the file; an exception's message is reported as the problem
     */
    public FileBackend(
            Path file, Function<String, List<RegistryProtocol.Instance>> reader, InstanceFormat format, Time time) {
        this.file = file;
        this.reader = reader;
        this.format = format;
        this.time = time;
        thread.start();
    }

    private void run() {
        try {
            while (!closed) {
                check();
                read.complete(true);
                time.sleep(CHECK_NANOS);
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private void check() {
        try {
            var now = Files.readAttributes(file, BasicFileAttributes.class);
            var changed = new Attributes(now.lastModifiedTime().toMillis(), now.size(), String.valueOf(now.fileKey()));
            if (!changed.equals(attributes)) {
                set(changed, parse(text()), "");
            }
        } catch (NoSuchFileException e) {
            fail("there is no file " + file);
        } catch (IOException e) {
            fail("the file " + file + " cannot be read: " + e.getMessage());
        } catch (RuntimeException e) { // of the reader: no content may end this thread
            fail(String.valueOf(e.getMessage()));
        }
    }

    private void fail(String message) {
        set(Attributes.UNKNOWN, instances, message);
    }

    private synchronized void set(Attributes changed, Map<ServiceName, Map<String, String>> read, String message) {
        boolean same = message.equals(problem) && read.equals(instances);
        attributes = changed;
        instances = read;
        problem = message;
        if (!same) {
            watches.forEach(Watch::report);
        }
    }

    private String text() throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(BYTES_MAX + 1);
            if (bytes.length > BYTES_MAX) {
                throw new IOException("it is larger than " + BYTES_MAX + " bytes");
            }
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        }
    }

    private Map<ServiceName, Map<String, String>> parse(String text) {
        var byService = new TreeMap<ServiceName, Map<String, String>>();
        var ids = new TreeSet<String>();
        for (RegistryProtocol.Instance instance : reader.apply(text)) {
            if (!ids.add(instance.id())) {
                throw new IllegalArgumentException(file + " has two instances with the id " + instance.id());
            }
            byService
                    .computeIfAbsent(new ServiceName(instance.service()), _ -> new LinkedHashMap<>())
                    .put(instance.id(), format.write(instance));
        }
        return byService;
    }

    private void awaitRead() throws InterruptedException {
        read.await(time, Duration.ofMillis(PATIENCE_MILLIS).toNanos());
    }

    @Override
    public String instead() {
        return "write it into the file " + file;
    }

    @Override
    public Set<ServiceName> services() throws InterruptedException {
        awaitRead();
        synchronized (this) {
            return new TreeSet<>(instances.keySet());
        }
    }

    @Override
    public List<String> instances(ServiceName service) throws InterruptedException {
        awaitRead();
        synchronized (this) {
            return List.copyOf(instances.getOrDefault(service, Map.of()).values());
        }
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        var watch = new Watch(service, follower);
        Thread.ofVirtual().name("treaty-file-" + service).start(() -> {
            try {
                awaitRead();
                watch.start();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return watch;
    }

    private final class Watch implements Following {
        private final ServiceName service;
        private final Follower follower;
        private boolean closed;

        Watch(ServiceName service, Follower follower) {
            this.service = service;
            this.follower = follower;
        }

        void start() {
            synchronized (FileBackend.this) {
                if (!closed) {
                    watches.add(this);
                    report();
                }
            }
        }

        void report() {
            if (problem.isEmpty()) {
                follower.complete(instances.getOrDefault(service, Map.of()));
            } else {
                follower.failed(problem);
            }
        }

        @Override
        public void close() {
            synchronized (FileBackend.this) {
                closed = true;
                watches.remove(this);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
