package dev.treaty.format;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/** Formats Java sources, and lists the files of a repository that are sources. */
public final class HouseStyle {

    private final Formatter formatter;

    private HouseStyle(Formatter formatter) {
        this.formatter = formatter;
    }

    public static HouseStyle create() {
        JavaFormatterOptions options = JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .formatJavadoc(false) // it would fold the lines of a {@snippet} into one
                .build();
        return new HouseStyle(Formatter.createFormatter(options));
    }

    /**
     * Returns the source, formatted.
     *
     * @throws FormatterException if it is not Java
     */
    public String format(String source) throws FormatterException {
        return formatter.formatSourceAndFixImports(source);
    }

    /** Every Java source under the root, in order; without generated and hidden files. */
    public static List<Path> sources(Path root) throws IOException {
        List<Path> sources = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                String name = directory.getFileName().toString();
                boolean skipped = !directory.equals(root) && (name.startsWith(".") || name.equals("target"));
                return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(".java")) {
                    sources.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        sources.sort(null);
        return sources;
    }
}
