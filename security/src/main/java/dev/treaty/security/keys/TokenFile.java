package dev.treaty.security.keys;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.time.Time;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A token in a file that another program replaces, such as one of Kubernetes. Whether it has changed is looked at once
 * a second at most; the token read before is used while the file cannot be read. It is thread-safe.
 */
public final class TokenFile implements TokenSource {
    private static final int BYTES_MAX = 16 << 10;
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

    private final Path file;
    private final Time time;
    private volatile @Nullable Read read;

    private record Read(String token, FileTime modified, long size, long lookedNanos) {}

    /** A token in a file, which need not exist yet. */
    public TokenFile(Path file, Time time) {
        this.file = file;
        this.time = time;
    }

    @Override
    public Optional<String> token(String audience) {
        Read now = read;
        if (now != null && time.nanoTime() - now.lookedNanos < LOOK_NANOS) {
            return Optional.of(now.token);
        }
        return Optional.of(look(false));
    }

    @Override
    public Optional<String> replace(String audience, String refused) {
        try {
            return Optional.of(look(true)).filter(token -> !token.equals(refused));
        } catch (ServiceException e) {
            return Optional.empty();
        }
    }

    private synchronized String look(boolean always) {
        Read before = read;
        long now = time.nanoTime();
        try {
            FileTime modified = Files.getLastModifiedTime(file);
            long size = Files.size(file);
            boolean same = before != null && before.modified.equals(modified) && before.size == size;
            String token = before != null && same && !always ? before.token : content(file);
            read = new Read(token, modified, size, now);
            return token;
        } catch (IOException e) {
            if (before == null) {
                throw ServiceException.withoutTrace(
                        Fault.unreached(Code.UNAVAILABLE, "the token in " + file + " cannot be read"));
            }
            read = new Read(before.token, before.modified, before.size, now);
            return before.token;
        }
    }

    /**
     * Returns the content of a file with a secret, without white space around it.
     *
     * @throws IOException if it cannot be read, is empty, larger than 16 KiB or not printable
     */
    public static String content(Path file) throws IOException {
        byte[] bytes;
        try (var in = Files.newInputStream(file)) {
            bytes = in.readNBytes(BYTES_MAX + 1);
        }
        String text = new String(bytes, StandardCharsets.UTF_8).strip();
        boolean printable = text.chars().allMatch(c -> c > ' ' && c < 0x7f);
        if (bytes.length > BYTES_MAX || text.isEmpty() || !printable) {
            throw new IOException(file + " does not contain one secret of printable characters");
        }
        return text;
    }
}
