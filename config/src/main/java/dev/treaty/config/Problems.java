package dev.treaty.config;

import dev.treaty.config.YamlNode.Place;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects the problems of a configuration while it is read, so that all of them are reported together. */
final class Problems {
    /** The place of what is not in the file, such as an environment variable. */
    static final Place NOWHERE = new Place(0, 0);

    /** What messages call the file. */
    final String file;

    private final List<Problem> found = new ArrayList<>();

    Problems(String file) {
        this.file = file;
    }

    void add(String source, Place place, String key, String message) {
        found.add(new Problem(
                source, place.line(), place.column(), KeyNames.printable(key), KeyNames.printable(message)));
    }

    int count() {
        return found.size();
    }

    /** @throws ConfigurationException if there are any problems */
    void throwIfAny() {
        if (!found.isEmpty()) {
            throw toException();
        }
    }

    /** Returns an exception with all problems: those of the file first, then those of variables. */
    ConfigurationException toException() {
        Comparator<Problem> fileFirst = Comparator.comparing(p -> !p.source().equals(file));
        return new ConfigurationException(
                found.stream().sorted(fileFirst.thenComparing(Problem.ORDER)).toList());
    }
}
