package dev.treaty.config;

import dev.treaty.config.YamlNode.Place;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects what is wrong while a configuration is read, so that all of it is told at once. */
final class Problems {
    /** The place of what has none, such as an environment variable. */
    static final Place NOWHERE = new Place(0, 0);

    private final List<Problem> found = new ArrayList<>();

    void add(String source, Place place, String key, String message) {
        found.add(new Problem(
                source, place.line(), place.column(), KeyNames.printable(key), KeyNames.printable(message)));
    }

    int count() {
        return found.size();
    }

    /**
     * @param file whose problems come first, before those of variables
     * @throws ConfigurationException where there are any
     */
    void refuse(String file) {
        if (!found.isEmpty()) {
            Comparator<Problem> fileFirst =
                    Comparator.comparing(p -> !p.source().equals(file));
            throw new ConfigurationException(found.stream()
                    .sorted(fileFirst.thenComparing(Problem.ORDER))
                    .toList());
        }
    }
}
