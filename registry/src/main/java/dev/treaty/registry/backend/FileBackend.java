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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * Instances that stand in a file. It is looked at twice a second; whatever it was replaced with, by writing into it, by
 * renaming another over it or by turning a link, is read when it is whole. What cannot be read changes nothing, and is
 * told as trouble.
 */
public final class FileBackend implements ReadOnlyBackend {
    /** The largest file accepted, in bytes. */
    public static final int BYTES_MAX = 4 << 20;

    private static final long LOOK_NANOS = Duration.ofMillis(500).toNanos();

    /** What tells one state of a file from another without reading it. */
    private record Look(long modifiedMillis, long size, String key) {
        static final Look NEVER = new Look(-1, -1, "");
    }

    private final Path file;
    private final Function<String, List<RegistryProtocol.Instance>> reader;
    private final InstanceFormat format;
    private final Time time;
    private final ReentrantLock lock = new ReentrantLock(); // whoever follows is told under it, one change at a time
    private final Set<Watch> watches = new LinkedHashSet<>();
    private final Promise<Boolean> read = new Promise<>();
    private final Thread thread = Thread.ofVirtual().name("treaty-file").unstarted(this::run);
    private Map<ServiceName, Map<String, String>> known = new TreeMap<>();
    private Look seen = Look.NEVER;
    private String trouble = "";
    private volatile boolean closed;

    /**
     * Begins to look at a file.
     *
     * @param reader reads its text; throws where that cannot be read, with a message for people
     */
    public FileBackend(
            Path file, Function<String, List<RegistryProtocol.Instance>> reader, InstanceFormat format, Time time) {
        this.file = file;
        this.reader = reader;
        this.format = format;
        this.time = time;
        thread.start();
    }

    private final class Watch implements Following {
        final ServiceName service;
        final Follower follower;

        Watch(ServiceName service, Follower follower) {
            this.service = service;
            this.follower = follower;
        }

        void tell() {
            if (trouble.isEmpty()) {
                follower.complete(known.getOrDefault(service, Map.of()));
            } else {
                follower.failed(trouble);
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                watches.remove(this);
            } finally {
                lock.unlock();
            }
        }
    }

    private void run() {
        try {
            while (!closed) {
                look();
                read.complete(true);
                time.sleep(LOOK_NANOS);
            }
        } catch (InterruptedException e) {
            // closed
        }
    }

    private void look() {
        Look now;
        Map<ServiceName, Map<String, String>> instances;
        String problem = "";
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            now = new Look(
                    attributes.lastModifiedTime().toMillis(), attributes.size(), String.valueOf(attributes.fileKey()));
            if (now.equals(seen)) {
                return;
            }
            instances = parse(text());
        } catch (NoSuchFileException e) {
            now = Look.NEVER;
            instances = Map.of();
            problem = "there is no file " + file;
        } catch (IOException e) {
            now = Look.NEVER;
            instances = Map.of();
            problem = "the file " + file + " cannot be read: " + e.getMessage();
        } catch (RuntimeException e) { // whatever is wrong with a file must not end this thread
            now = Look.NEVER;
            instances = Map.of();
            problem = String.valueOf(e.getMessage());
        }
        lock.lock();
        try {
            boolean same = problem.isEmpty() ? instances.equals(known) && trouble.isEmpty() : problem.equals(trouble);
            seen = now;
            trouble = problem.isEmpty() ? "" : problem;
            known = problem.isEmpty() ? instances : known;
            if (!same) {
                watches.forEach(Watch::tell);
            }
        } finally {
            lock.unlock();
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
        lock.lock();
        try {
            return new TreeSet<>(known.keySet());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<String> instances(ServiceName service) throws InterruptedException {
        awaitRead();
        lock.lock();
        try {
            return new ArrayList<>(known.getOrDefault(service, Map.of()).values());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        var watch = new Watch(service, follower);
        Thread.ofVirtual().name("treaty-file-" + service).start(() -> {
            try {
                awaitRead();
            } catch (InterruptedException e) {
                return;
            }
            lock.lock();
            try {
                if (watches.add(watch)) {
                    watch.tell();
                }
            } finally {
                lock.unlock();
            }
        });
        return watch;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
