package dev.treaty.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Reads whole files in UTF-8. A file that cannot be read is a sentence that says what to do. */
final class TextFile {
    private TextFile() {}

    /** Thrown for a file that cannot be read; the message is a sentence about it, without its name. */
    static final class UnreadableException extends Exception {
        private static final long serialVersionUID = 1;

        UnreadableException(String message) {
            super(message);
        }
    }

    /** @param bytesMax the largest file accepted */
    static String read(Path file, int bytesMax) throws UnreadableException {
        try {
            var attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (attributes.isDirectory()) {
                throw new UnreadableException(
                        "this is a directory: name a file. Containers make a directory if the file"
                                + " to mount does not exist");
            }
            if (!attributes.isRegularFile()) {
                throw new UnreadableException("this is neither a file nor a link to one: name a file");
            }
            try (InputStream in = Files.newInputStream(file)) {
                return text(in.readNBytes(bytesMax + 1), bytesMax);
            }
        } catch (IOException e) {
            throw new UnreadableException(sentence(file, e));
        }
    }

    /** Returns what is wrong, and what to do. */
    static String sentence(Path file, IOException e) {
        return switch (e) {
            case NoSuchFileException _
            when Files.isSymbolicLink(file) ->
                "this links to a file that does not exist: create that file, or correct the link";
            case NoSuchFileException _ -> "there is no such file: create it, or correct the path";
            case AccessDeniedException _ ->
                "the user " + System.getProperty("user.name", "of this process")
                        + " may not read this: permit it, and the directories above it (chmod, chown)";
            case FileSystemException system
            when system.getReason() != null ->
                "this cannot be read (" + system.getReason() + "): check the path, its links and the disk";
            default -> "this cannot be read (" + e.getMessage() + "): check the path and the disk";
        };
    }

    private static String text(byte[] bytes, int bytesMax) throws UnreadableException {
        if (bytes.length > bytesMax) {
            throw new UnreadableException("the file is larger than " + bytesMax + " bytes: shorten it, or divide it");
        }
        if (startsWith(bytes, 0xFE, 0xFF) || startsWith(bytes, 0xFF, 0xFE)) {
            throw new UnreadableException("the file is encoded in UTF-16: save it in UTF-8");
        }
        var in = ByteBuffer.wrap(bytes);
        var out = CharBuffer.allocate(bytes.length);
        CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
        if (result.isError()) {
            int at = in.position();
            throw new UnreadableException("line %d is not encoded in UTF-8 (byte 0x%02X): save the file in UTF-8"
                    .formatted(line(out.flip()), bytes[at]));
        }
        String text = out.flip().toString();
        int zero = text.indexOf('\0');
        if (zero >= 0) {
            throw new UnreadableException(
                    "line " + line(text.substring(0, zero)) + " has a NUL byte: the file is binary,"
                            + " in UTF-16, or was not written to its end; save it again as text in UTF-8");
        }
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    private static boolean startsWith(byte[] bytes, int first, int second) {
        return bytes.length >= 2 && bytes[0] == (byte) first && bytes[1] == (byte) second;
    }

    private static long line(CharSequence before) {
        return before.chars().filter(c -> c == '\n').count() + 1;
    }
}
