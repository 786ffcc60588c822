package dev.treaty.config;

import dev.treaty.config.YamlNode.Place;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Collects the problems of a configuration while it is read, so that all of them are reported together. */
final class Problems {
    private static final int TEXT_LENGTH_MAX = 400;

    /** Shorter values of variables are parts of other words. */
    private static final int HIDDEN_LENGTH_MIN = 4;

    /** The references by value, the longest value first: others may be a part of it. */
    private final Map<String, String> hidden =
            new TreeMap<>(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));

    private final List<Problem> found = new ArrayList<>();

    /** The sources whose problems come first, in this order. */
    private final List<String> sources = new ArrayList<>();

    /** Lists the problems of a source after those of the sources named before, and before all others. */
    void order(String source) {
        sources.add(shown(source));
    }

    void add(Place place, String key, String message) {
        found.add(new Problem(
                shown(place.source()),
                place.line(),
                place.column(),
                shown(key),
                shown(Secrets.mask(withoutHidden(message)))));
    }

    /** Makes later problems show the reference to a variable in place of its value, which may be secret. */
    void hide(String value, String reference) {
        if (value.length() >= HIDDEN_LENGTH_MIN) {
            hidden.put(value, reference);
        }
    }

    private String withoutHidden(String message) {
        String without = message;
        for (Map.Entry<String, String> each : hidden.entrySet()) {
            without = without.replace(each.getKey(), each.getValue());
        }
        return without;
    }

    private static String shown(String text) {
        return PrintableText.line(text, TEXT_LENGTH_MAX);
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

    /** Returns an exception with all problems: those of the layers in their order, then those of variables. */
    ConfigurationException toException() {
        Comparator<Problem> byLayer = Comparator.comparingInt(problem -> {
            int layer = sources.indexOf(problem.source());
            return layer < 0 ? sources.size() : layer;
        });
        return new ConfigurationException(
                found.stream().sorted(byLayer.thenComparing(Problem.ORDER)).toList());
    }
}
