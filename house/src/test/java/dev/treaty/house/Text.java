package dev.treaty.house;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A file of the repository that people can read. */
record Text(Path file, String content) {

    String name() {
        return Repository.name(file);
    }

    boolean isCalled(String suffix) {
        return name().endsWith(suffix);
    }

    /** The lines that match, as a message shows them: where, and what. */
    Stream<String> linesWhere(Predicate<String> found) {
        List<String> lines = content.lines().toList();
        return IntStream.range(0, lines.size())
                .filter(i -> found.test(lines.get(i)))
                .mapToObj(i -> name() + ":" + (i + 1) + ": " + lines.get(i).strip());
    }
}
