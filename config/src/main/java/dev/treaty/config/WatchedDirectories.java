package dev.treaty.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The names whose change may change what is read, by directory. Every directory on the way to a file is watched for the
 * next name on that way, also behind symbolic links: so each link, and each directory, may be replaced.
 */
final class WatchedDirectories {
    /** The name that stands for all of a directory. */
    private static final String ANY = "*";

    /** The most symbolic links that are followed on the way to one file. */
    private static final int LINKS_MAX = 40;

    private final Map<Path, Set<String>> names = new HashMap<>();
    private int links;

    private WatchedDirectories() {}

    /** Returns the names by the real path of their directory, of directories that exist. */
    static Map<Path, Set<String>> of(SettingsFiles files) {
        var watched = new WatchedDirectories();
        files.file().ifPresent(watched::add);
        files.profileFile().ifPresent(watched::add);
        files.directory().or(files::usualDirectory).ifPresent(watched::addDirectory);
        try {
            files.directoryFiles().forEach(watched::add);
        } catch (IOException _) {
            // a change of it is noticed above
        }
        return watched.names;
    }

    private void add(Path path) {
        links = LINKS_MAX;
        follow(path.toAbsolutePath().normalize());
    }

    /** Adds a directory of which every name counts. */
    private void addDirectory(Path path) {
        add(path);
        try {
            names.computeIfAbsent(path.toRealPath(), _ -> new HashSet<>()).add(ANY);
        } catch (IOException _) {
            // it does not exist; its creation is noticed above
        }
    }

    private void follow(Path path) {
        Path at = path.getRoot();
        for (Path name : path) {
            Path next = at.resolve(name);
            try {
                names.computeIfAbsent(at.toRealPath(), _ -> new HashSet<>()).add(name.toString());
                if (Files.isSymbolicLink(next) && links-- > 0) {
                    follow(at.toRealPath().resolve(Files.readSymbolicLink(next)).normalize());
                }
            } catch (IOException _) {
                return; // the rest does not exist; its creation is noticed above
            }
            at = next;
        }
    }

    /** Returns whether a change of that name counts. */
    static boolean counts(Set<String> names, String name) {
        return names.contains(ANY) || names.contains(name);
    }
}
