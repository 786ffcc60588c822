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
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * Reads YAML into {@link YamlNode}s. It keeps to the part of YAML that a configuration needs: one document of mappings,
 * lists and values. Anchors, aliases and tags are refused, so that no file can unfold into more than it is; a value's
 * meaning comes from the setting that it is for, never from how it looks.
 */
final class Yaml {
    /** The deepest nesting accepted. */
    static final int DEPTH_MAX = 32;

    private final Problems problems;
    private final String source;
    private final Iterator<Event> events;

    private Yaml(String source, String text, Problems problems) {
        var settings = LoadSettings.builder()
                .setLabel(source)
                .setCodePointLimit(Settings.FILE_BYTES_MAX)
                .build();
        this.problems = problems;
        this.source = source;
        this.events = new ParserImpl(settings, new StreamReader(settings, text));
    }

    /** The document's root; nothing where it is empty, or could not be read, which is then told as a problem. */
    static Optional<YamlNode> read(String source, String text, Problems problems) {
        try {
            return Optional.ofNullable(new Yaml(source, text, problems).document());
        } catch (Refused e) {
            return Optional.empty();
        } catch (MarkedYamlEngineException e) {
            Place place = e.getProblemMark()
                    .map(mark -> new Place(mark.getLine() + 1, mark.getColumn() + 1))
                    .orElse(Problems.NOWHERE);
            String context = e.getContext() == null ? "" : " " + e.getContext();
            problems.add(source, place, "", "this is not YAML: " + e.getProblem() + context);
        } catch (ReaderException e) {
            String bad = "the character U+%04X is not allowed in YAML".formatted(e.getCodePoint());
            problems.add(source, place(text, e.getPosition()), "", bad);
        } catch (YamlEngineException e) {
            problems.add(source, Problems.NOWHERE, "", "this is not YAML: " + e.getMessage());
        }
        return Optional.empty();
    }

    private static Place place(String text, int position) {
        String before = text.substring(0, Math.clamp(position, 0, text.length()));
        int lines = Math.toIntExact(before.lines().count());
        boolean lineStart = before.isEmpty() || before.endsWith("\n");
        return lineStart ? new Place(lines + 1, 1) : new Place(lines, before.length() - before.lastIndexOf('\n'));
    }

    /** Thrown where reading on makes no sense; the problem has been told. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        Refused() {
            super(null, null, false, false);
        }
    }

    private @Nullable YamlNode document() {
        YamlNode root = null;
        while (events.hasNext()) {
            Event event = events.next();
            if (event instanceof NodeEvent start) {
                root = node(start, "", 0);
            } else if (event instanceof DocumentStartEvent && root != null) {
                throw refused(place(event), "", "a second document begins here; write one document to a file");
            }
        }
        return root;
    }

    private YamlNode node(NodeEvent start, String path, int depth) {
        Place place = place(start);
        if (start instanceof AliasEvent || start.getAnchor().isPresent()) {
            throw refused(
                    place,
                    path,
                    "anchors and aliases are not accepted; write the value out, or put what services share under"
                            + " defaults");
        }
        if (depth > DEPTH_MAX) {
            throw refused(place, path, "the nesting is deeper than " + DEPTH_MAX + " levels");
        }
        return switch (start) {
            case ScalarEvent scalar -> {
                refuseTag(scalar.getTag(), place, path);
                yield new Scalar(place, scalar.getValue(), scalar.isPlain());
            }
            case CollectionStartEvent collection -> {
                refuseTag(collection.getTag(), place, path);
                yield collection instanceof MappingStartEvent
                        ? mapping(place, path, depth)
                        : sequence(place, path, depth);
            }
            default -> throw new IllegalStateException("an unknown YAML event: " + start);
        };
    }

    private void refuseTag(Optional<String> tag, Place place, String path) {
        tag.ifPresent(t -> problems.add(source, place, path, "tags such as " + t + " are not accepted; leave it out"));
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
            Place here = place(at);
            if (!(at instanceof ScalarEvent scalar) || scalar.getAnchor().isPresent()) {
                throw refused(here, path, "a key is plain text, without anchors, lists or groups");
            }
            String key = scalar.getValue();
            String below = path.isEmpty() ? key : path + "." + key;
            YamlNode value = node((NodeEvent) events.next(), below, depth + 1);
            Entry before = entries.putIfAbsent(key, new Entry(here, key, value));
            if (before != null) {
                String twice =
                        "is written twice; it is in line " + before.place().line() + " already";
                problems.add(source, here, below, twice);
            }
        }
        return new Mapping(place, List.copyOf(entries.values()));
    }

    private Refused refused(Place place, String path, String message) {
        problems.add(source, place, path, message);
        return new Refused();
    }

    private static Place place(Event event) {
        return event.getStartMark()
                .map(mark -> new Place(mark.getLine() + 1, mark.getColumn() + 1))
                .orElse(Problems.NOWHERE);
    }
}
