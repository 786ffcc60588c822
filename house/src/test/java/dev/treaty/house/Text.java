package dev.treaty.house;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A text file of the repository. */
record Text(Path file, String content) {

    String name() {
        return Repository.name(file);
    }

    boolean hasSuffix(String suffix) {
        return name().endsWith(suffix);
    }

    /** Returns the matching lines with their places, for messages. */
    Stream<String> matchingLines(Predicate<String> found) {
        List<String> lines = content.lines().toList();
        return IntStream.range(0, lines.size())
                .filter(i -> found.test(lines.get(i)))
                .mapToObj(i -> name() + ":" + (i + 1) + ": " + lines.get(i).strip());
    }
}
