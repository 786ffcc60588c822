package dev.treaty.config;

import dev.treaty.config.YamlNode.Entry;
import dev.treaty.config.YamlNode.Mapping;
import dev.treaty.config.YamlNode.Place;
import dev.treaty.config.YamlNode.Scalar;
import dev.treaty.config.YamlNode.Sequence;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingEndEvent;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceEndEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * Reads YAML into {@link YamlNode}s: one document of mappings, lists and values. Anchors, aliases and tags are
 * rejected, so that no file expands to more than its size. The type of a value is that of its setting, whatever it
 * looks like.
 */
final class Yaml {
    /** The deepest nesting accepted. */
    static final int DEPTH_MAX = 32;

    private final Place origin;
    private final Problems problems;
    private final Iterator<Event> events;

    private Yaml(Place origin, String text, Problems problems) {
        var settings = LoadSettings.builder()
                .setLabel(origin.source())
                .setCodePointLimit(Settings.FILE_BYTES_MAX)
                .build();
        this.origin = origin;
        this.problems = problems;
        this.events = new ParserImpl(settings, new StreamReader(settings, text));
    }

    /**
     * Returns the root of the document, or null if it is empty.
     *
     * @param origin where the text begins: the places of nodes count from it if it is in a file
     * @throws ConfigurationException if it cannot be read
     */
    static @Nullable YamlNode read(Place origin, String text, Problems problems) {
        try {
            return new Yaml(origin, text, problems).document();
        } catch (MarkedYamlEngineException e) {
            String context = e.getContext() == null ? "" : " " + e.getContext();
            problems.add(place(origin, e.getProblemMark()), "", "not valid YAML: " + e.getProblem() + context);
        } catch (ReaderException e) {
            String bad = "the character U+%04X is not allowed in YAML".formatted(e.getCodePoint());
            problems.add(place(origin, text, e.getPosition()), "", bad);
        } catch (YamlEngineException e) {
            problems.add(Place.outsideFiles(origin.source()), "", "not valid YAML: " + e.getMessage());
        }
        throw problems.toException();
    }

    private static Place place(Place origin, Optional<Mark> mark) {
        return origin.inFile()
                ? mark.map(at -> new Place(origin.source(), at.getLine() + 1, at.getColumn() + 1))
                        .orElse(Place.outsideFiles(origin.source()))
                : origin;
    }

    private Place place(Event event) {
        return place(origin, event.getStartMark());
    }

    private static Place place(Place origin, String text, int position) {
        if (!origin.inFile()) {
            return origin;
        }
        String before = text.substring(0, Math.clamp(position, 0, text.length()));
        long line = before.chars().filter(c -> c == '\n').count() + 1;
        return new Place(origin.source(), Math.toIntExact(line), before.length() - before.lastIndexOf('\n'));
    }

    private @Nullable YamlNode document() {
        YamlNode root = null;
        while (events.hasNext()) {
            Event event = events.next();
            if (event instanceof NodeEvent start) {
                root = node(start, "", 0);
            } else if (event instanceof DocumentStartEvent && root != null) {
                throw rejected(event, "", "a second document begins here; write one document to a file");
            }
        }
        return root;
    }

    private YamlNode node(NodeEvent start, String path, int depth) {
        if (start instanceof AliasEvent || start.getAnchor().isPresent()) {
            throw rejected(
                    start,
                    path,
                    "anchors and aliases are not accepted; repeat the value, or set it under defaults if services"
                            + " share it");
        }
        if (depth > DEPTH_MAX) {
            throw rejected(start, path, "the nesting is deeper than " + DEPTH_MAX + " levels");
        }
        Optional<String> tag = switch (start) {
            case ScalarEvent scalar -> scalar.getTag();
            case CollectionStartEvent collection -> collection.getTag();
            default -> Optional.empty();
        };
        if (tag.isPresent()) {
            throw rejected(start, path, "tags such as " + tag.get() + " are not accepted; remove it");
        }
        Place place = place(start);
        return switch (start) {
            case ScalarEvent scalar -> new Scalar(place, scalar.getValue(), scalar.isPlain());
            case MappingStartEvent _ -> mapping(place, path, depth);
            default -> sequence(place, path, depth);
        };
    }

    private Sequence sequence(Place place, String path, int depth) {
        var elements = new ArrayList<YamlNode>();
        for (Event at = events.next(); !(at instanceof SequenceEndEvent); at = events.next()) {
            elements.add(node((NodeEvent) at, path + "[" + elements.size() + "]", depth + 1));
        }
        return new Sequence(place, List.copyOf(elements));
    }

    private Mapping mapping(Place place, String path, int depth) {
        var entries = new LinkedHashMap<String, Entry>();
        for (Event at = events.next(); !(at instanceof MappingEndEvent); at = events.next()) {
            if (!(at instanceof ScalarEvent scalar) || scalar.getAnchor().isPresent()) {
                throw rejected(at, path, "a key is plain text, without anchors, lists or groups");
            }
            String key = scalar.getValue();
            String below = path.isEmpty() ? key : path + "." + key;
            Place here = place(at);
            YamlNode value = node((NodeEvent) events.next(), below, depth + 1);
            Entry before = entries.putIfAbsent(key, new Entry(here, key, value));
            if (before != null) {
                String message = "is set twice; line " + before.place().line() + " sets it already";
                problems.add(here, below, message);
            }
        }
        return new Mapping(place, List.copyOf(entries.values()));
    }

    private ConfigurationException rejected(Event event, String path, String message) {
        problems.add(place(event), path, message);
        return problems.toException();
    }
}
