package dev.treaty.config;

import dev.treaty.config.TextFile.UnreadableException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The texts of a configuration: that of the application, the file, that of the profile, and those of the directory, in
 * this order.
 */
record SettingsFiles(
        Optional<Document> shipped, Optional<Path> file, Optional<String> profile, Optional<Path> directory) {
    /** The most files of a directory. */
    static final int FILES_MAX = 100;

    /** How often files are read that are being changed. */
    private static final int READINGS_MAX = 10;

    private static final Pattern PROFILE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Pattern EXTENSION = Pattern.compile("(?=\\.ya?ml$)|$");

    /** Reads all files as they are at one moment: until two readings in a row are the same. */
    List<Document> read() {
        List<Document> before = readOnce();
        for (int i = 0; i < READINGS_MAX; i++) {
            List<Document> now = readOnce();
            if (now.equals(before)) {
                return now;
            }
            before = now;
        }
        String source = file.or(() -> directory).map(Path::toString).orElse("");
        return List.of(Document.unreadable(
                source,
                "the files are changing while they are read: write each one elsewhere, and then move it to its place"));
    }

    private List<Document> readOnce() {
        var documents = new ArrayList<Document>();
        shipped.ifPresent(documents::add);
        file.ifPresent(path -> documents.add(document(path, "")));
        profile.ifPresent(name -> documents.add(profile(name)));
        presentDirectory().ifPresent(path -> documents.addAll(documents(path)));
        return documents;
    }

    private static Document document(Path path, String remedy) {
        try {
            return Document.of(path.toString(), TextFile.read(path, Settings.FILE_BYTES_MAX));
        } catch (UnreadableException e) {
            return Document.unreadable(path.toString(), e.getMessage() + remedy);
        }
    }

    private Document profile(String name) {
        Optional<Path> path = profileFile();
        if (!PROFILE.matcher(name).matches()) {
            return Document.unreadable(
                    ConfigurationSources.PROFILE,
                    "a profile is named by letters, digits, '.', '-' and '_', at most 64: it is part of a file's name");
        }
        return path.map(of -> document(of, "; the profile " + name + " reads it"))
                .orElseGet(() -> Document.of("", ""));
    }

    /** Returns the file of the profile, which is beside the file. */
    Optional<Path> profileFile() {
        return profile.filter(name -> PROFILE.matcher(name).matches())
                .flatMap(name -> file.map(path -> {
                    String own = String.valueOf(path.getFileName());
                    return path.resolveSibling(EXTENSION.matcher(own).replaceFirst("-" + name));
                }));
    }

    /** Returns the directory beside the file that is read if no other is named. */
    Optional<Path> usualDirectory() {
        return file.map(path -> path.resolveSibling("conf.d"));
    }

    /** Returns the directory that is read. */
    private Optional<Path> presentDirectory() {
        return directory.or(() -> usualDirectory().filter(path -> Files.exists(path, LinkOption.NOFOLLOW_LINKS)));
    }

    /** Returns the files of the directory with settings, in the order of their names. */
    List<Path> directoryFiles() throws IOException {
        Optional<Path> present = presentDirectory();
        var files = new ArrayList<Path>();
        if (present.isPresent()) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(present.get(), SettingsFiles::isRead)) {
                for (Path each : all) {
                    if (files.size() == FILES_MAX) {
                        throw new IOException("it has more than " + FILES_MAX + " files");
                    }
                    files.add(each);
                }
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
        }
        return files.stream().sorted().toList();
    }

    private static boolean isRead(Path path) {
        String name = path.getFileName().toString();
        return !name.startsWith(".") && (name.endsWith(".yaml") || name.endsWith(".yml"));
    }

    private List<Document> documents(Path path) {
        try {
            return directoryFiles().stream().map(each -> document(each, "")).toList();
        } catch (NotDirectoryException _) {
            return List.of(Document.unreadable(path.toString(), "this is no directory: make it one, or move it away"));
        } catch (IOException e) {
            return List.of(Document.unreadable(
                    path.toString(),
                    TextFile.sentence(path, e).replace("no such file: create it", "no such directory: create it")));
        }
    }
}
