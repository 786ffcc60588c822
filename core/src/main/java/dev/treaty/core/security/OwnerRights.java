package dev.treaty.core.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** The rights of files and directories that only their owner may use. Some file systems have no such rights. */
public final class OwnerRights {
    private OwnerRights() {}

    /** Whether the file system of a path has rights of owners and of others. */
    public static boolean supported(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /**
     * Returns the attributes with which a file or a directory is created; none where they are not supported.
     *
     * @param rights such as {@code rw-------}
     */
    public static FileAttribute<?>[] attributes(Path path, String rights) {
        return supported(path)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights))}
                : new FileAttribute<?>[0];
    }

    /** Whether others than the owner have any right; false where rights are not supported. */
    public static boolean shared(Path path) throws IOException {
        return supported(path)
                && Files.getPosixFilePermissions(path).stream()
                        .anyMatch(right -> !right.name().startsWith("OWNER_"));
    }
}
