package dev.treaty.registry.backend;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.Backend;
import dev.treaty.registry.spi.FollowerThread;
import dev.treaty.registry.spi.RegistryProvider.RegistryContext;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A backend that reads instances from a file, twice a second: size and times of a file that was restored may be the
 * same as before. A file that cannot be read changes nothing and is reported as a problem.
 */
public final class FileBackend implements Backend {
    /** The largest file, in bytes. */
    public static final int BYTES_MAX = 4 << 20;

    private static final Duration CHECK = Duration.ofMillis(500);

    private final Path file;
    private final Function<String, List<RegistryProtocol.Instance>> reader;
    private final RegistryContext context;
    private Map<ServiceName, Map<String, String>> instances = Map.of(); // guarded by this, as all below
    private @Nullable String text; // of the instances
    private long readNanos;

    /** @param reader reads the text of the file; an exception's message is reported as the problem */
    public FileBackend(Path file, Function<String, List<RegistryProtocol.Instance>> reader, RegistryContext context) {
        this.file = file;
        this.reader = reader;
        this.context = context;
    }

    /** Returns the instances of each service, by id, as they were in the file at most half a second ago. */
    private synchronized Map<ServiceName, Map<String, String>> read() {
        long now = context.time().nanoTime();
        if (text == null || now - readNanos >= CHECK.toNanos()) {
            try {
                String read = text();
                instances = read.equals(text) ? instances : parse(read);
                text = read;
                readNanos = now;
            } catch (NoSuchFileException e) {
                throw unreadable("there is no file " + file);
            } catch (IOException e) {
                throw unreadable("the file " + file + " cannot be read: " + e.getMessage());
            } catch (RuntimeException e) { // of the reader
                throw unreadable(String.valueOf(e.getMessage()));
            }
        }
        return instances;
    }

    private ServiceException unreadable(String message) {
        text = null;
        return new ServiceException(Code.UNAVAILABLE, message);
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
        for (RegistryProtocol.Instance instance : reader.apply(text)) {
            byService
                    .computeIfAbsent(new ServiceName(instance.service()), _ -> new LinkedHashMap<>())
                    .put(instance.id(), context.format().write(instance));
        }
        return byService;
    }

    private Map<String, String> read(ServiceName service) {
        return read().getOrDefault(service, Map.of());
    }

    @Override
    public String instead() {
        return "write it into the file " + file;
    }

    @Override
    public Set<String> services() {
        return read().keySet().stream().map(ServiceName::value).collect(Collectors.toSet());
    }

    @Override
    public Map<String, String> instances(ServiceName service) {
        return read(service);
    }

    @Override
    public Following follow(ServiceName service, Follower follower) {
        return new FollowerThread("treaty-file-" + service, context, follower, CHECK, CHECK) {
            private @Nullable Map<String, String> known;

            @Override
            protected long step() {
                Map<String, String> now = read(service);
                if (!now.equals(known)) {
                    follower.complete(now);
                    known = now;
                }
                return CHECK.toNanos();
            }

            @Override
            protected void failed(String message) {
                known = null;
                follower.failed(message);
            }
        }.started();
    }

    @Override
    public void close() {} // nothing remains open after the last follower is closed
}
