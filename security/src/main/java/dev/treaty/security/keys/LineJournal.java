package dev.treaty.security.keys;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.List;

/**
 * A file of lines in an {@link OwnerDirectory}: a line that was appended survives the end of the process and of the
 * machine; one that was being appended then is dropped as a whole. It is not thread-safe.
 */
public final class LineJournal implements AutoCloseable {
    private final OwnerDirectory directory;
    private final String name;
    private FileChannel file;
    private List<String> lines;
    private long end;

    /**
     * Opens a journal, which is created if it does not exist.
     *
     * @throws IOException if it cannot be read or written
     */
    public LineJournal(OwnerDirectory directory, String name) throws IOException {
        this.directory = directory;
        this.name = name;
        String content = directory.read(name).orElse("");
        String whole = content.substring(0, content.lastIndexOf('\n') + 1);
        if (content.isEmpty() || !whole.equals(content)) {
            directory.replace(name, whole);
        }
        this.lines = whole.lines().toList();
        this.file = directory.open(name);
        this.end = file.size();
    }

    /** Returns the lines that it had when it was opened, once. */
    public List<String> take() {
        List<String> taken = lines;
        lines = List.of();
        return taken;
    }

    /**
     * Appends a line.
     *
     * @throws IOException if it cannot be written; then it is not in the journal
     */
    public void append(String line) throws IOException {
        if (!file.isOpen()) { // as after the interruption of a thread that was writing
            file = directory.open(name);
        }
        if (file.size() != end) { // what failed before
            file.truncate(end);
        }
        file.position(end);
        OwnerDirectory.write(file, line + "\n");
        end = file.position();
    }

    /** Replaces all lines. */
    public void replace(List<String> all) throws IOException {
        directory.replace(name, all.isEmpty() ? "" : String.join("\n", all) + "\n");
        file.close();
        file = directory.open(name);
        end = file.size();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
