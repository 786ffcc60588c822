package dev.treaty.registry.backend;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.ReadOnlyBackend;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A backend that reads instances from a file, twice a second: size and times of a file that was restored may be the
 * same as before. A file that cannot be read changes nothing and is reported as a problem.
 */
public final class FileBackend implements ReadOnlyBackend {
    /** The largest file, in bytes. */
    public static final int BYTES_MAX = 4 << 20;

    private static final long CHECK_NANOS = Duration.ofMillis(500).toNanos();

    private final Path file;
    private final Function<String, List<RegistryProtocol.Instance>> reader;
    private final RegistryContext context;
    private final Time time;
    private final Set<Watch> watches = new LinkedHashSet<>(); // notified under the monitor, one change at a time
    private final Promise<Boolean> read = new Promise<>();
    private final Thread thread;
    private Map<ServiceName, Map<String, String>> instances = Map.of();
    private @Nullable String text; // of the instances
    private String problem = "";
    private volatile boolean closed;

    /**
     * Starts to check a file.
     *
     * @param reader reads the text of the file; an exception's message is reported as the problem
     */
    public FileBackend(Path file, Function<String, List<RegistryProtocol.Instance>> reader, RegistryContext context) {
        this.file = file;
        this.reader = reader;
        this.context = context;
        this.time = context.time();
        this.thread = BackgroundThread.virtual("treaty-file", time, context.events(), this::run);
        thread.start();
    }

    private void run() throws InterruptedException {
        while (!closed) {
            check();
            read.complete(true);
            time.sleep(CHECK_NANOS);
        }
    }

    private void check() {
        try {
            String now = text();
            set(now, now.equals(text) ? instances : parse(now), "");
        } catch (NoSuchFileException e) {
            set(null, instances, "there is no file " + file);
        } catch (IOException e) {
            set(null, instances, "the file " + file + " cannot be read: " + e.getMessage());
        } catch (RuntimeException e) { // of the reader
            set(null, instances, String.valueOf(e.getMessage()));
        }
    }

    /** @param now the text of the instances; null if it has to be parsed again */
    private synchronized void set(@Nullable String now, Map<ServiceName, Map<String, String>> read, String message) {
        boolean same = message.equals(problem) && read.equals(instances);
        text = now;
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
                    .put(instance.id(), context.format().write(instance));
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
    public Set<String> services() throws InterruptedException {
        awaitRead();
        synchronized (this) {
            return instances.keySet().stream().map(ServiceName::value).collect(Collectors.toSet());
        }
    }

    @Override
    public Map<String, String> instances(ServiceName service) throws InterruptedException {
        awaitRead();
        synchronized (this) {
            return instances.getOrDefault(service, Map.of());
        }
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        var watch = new Watch(service, follower);
        BackgroundThread.startOnce("treaty-file-" + service, context.events(), () -> {
            awaitRead();
            watch.start();
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
