package dev.treaty.config;

import dev.treaty.core.text.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A full key, divided into its steps by what the settings accept: {@code services.shop.Orders.deadline} has the steps
 * {@code services}, {@code shop.Orders} and {@code deadline}. If a name could end at several dots, the shortest is
 * taken; quotes say otherwise: {@code services."a.balance".balance.policy}. A service as a whole, without a key below
 * it, has quotes if its name has dots: {@code services."shop.Orders"}. An element of a list is {@code [0]}.
 */
public final class KeyPath {
    /** The longest key, in characters. */
    public static final int LENGTH_MAX = 1000;

    /** A part of a key: an element of a list, a name in quotes, or text without dots. */
    private static final Pattern PART =
            Pattern.compile("(?<index>\\[\\d{1,6}])|\\.?(?:\"(?<quoted>[^\"]+)\"|(?<plain>[^.\"\\[\\]]+))");

    private static final Pattern INDEX = Pattern.compile("\\[(\\d+)]");

    private static final String HINT = "; did you mean ";

    private record Part(String text, boolean quoted) {}

    private final List<Part> parts;
    private final List<String> steps = new ArrayList<>();
    private @Nullable Shape shape;
    private @Nullable String failure; // the first, or the first that names a near key

    private KeyPath(List<Part> parts) {
        this.parts = parts;
    }

    /**
     * Divides a key.
     *
     * @throws IllegalArgumentException if no setting has this key; the message says the nearest one
     */
    public static KeyPath parse(String dotted) {
        var path = new KeyPath(parts(dotted));
        if (!path.follow(Shape.ROOT, 0)) {
            throw new IllegalArgumentException(path.failure);
        }
        return path;
    }

    private static List<Part> parts(String dotted) {
        var parts = new ArrayList<Part>();
        Matcher part = PART.matcher(dotted);
        int end = 0;
        while (dotted.length() <= LENGTH_MAX && end < dotted.length() && part.find(end) && part.start() == end) {
            boolean first = end == 0;
            if (first == part.group().startsWith(".") && part.group("index") == null) {
                break;
            }
            String quoted = part.group("quoted");
            String index = part.group("index");
            parts.add(new Part(quoted != null ? quoted : index != null ? index : part.group("plain"), quoted != null));
            end = part.end();
        }
        if (parts.isEmpty() || end < dotted.length()) {
            throw new IllegalArgumentException(PrintableText.quote(dotted)
                    + " is not a key: write names and dots, such as server.drain or"
                    + " services.\"shop.Orders\".deadline");
        }
        return parts;
    }

    /** Follows the parts from an index on; the steps are complete if this returns true. */
    private boolean follow(Shape at, int from) {
        if (from == parts.size()) {
            shape = at;
            return true;
        }
        Part part = parts.get(from);
        return switch (at) {
            case Shape.Group(var keys) -> {
                Shape below = keys.get(part.text);
                if (below == null) {
                    String hint = hint(part, keys.keySet());
                    fail("no setting has this key" + (hint.isEmpty() ? "; accepted" : hint + " Accepted")
                            + (from == 0 ? "" : " below " + this) + ": " + String.join(", ", keys.keySet()));
                }
                yield below != null && step(part.text, below, from + 1);
            }
            case Shape.Named(var content) -> named(content, from);
            case Shape.Listing(var element) -> {
                boolean index = INDEX.matcher(part.text).matches();
                if (!index) {
                    fail("this is a list; its elements are " + this + "[0] and so on");
                }
                yield index && step(part.text, element, from + 1);
            }
            case Shape.Anything _ -> step(part.text, at, from + 1);
            case Shape.Value _ -> {
                fail(this + " is one value, with nothing below it");
                yield false;
            }
        };
    }

    private String hint(Part part, Set<String> keys) {
        return KeyNames.nearest(part.text, keys)
                .map(near -> {
                    steps.add(near);
                    String hint = HINT + this + "?";
                    steps.removeLast();
                    return hint;
                })
                .orElse("");
    }

    /** Tries names of more and more parts. One part names a whole group, because others may be misspelled keys. */
    private boolean named(Shape content, int from) {
        var name = new StringBuilder();
        int ends = content instanceof Shape.Group && from + 1 < parts.size() ? parts.size() - 1 : parts.size();
        for (int end = from; end < ends; end++) {
            Part part = parts.get(end);
            name.append(end == from || part.text.startsWith("[") ? "" : ".").append(part.text);
            if (step(name.toString(), content, end + 1)) {
                return true;
            }
            if (part.quoted) {
                return false;
            }
        }
        return false;
    }

    private boolean step(String step, Shape below, int next) {
        steps.add(step);
        if (follow(below, next)) {
            return true;
        }
        steps.removeLast();
        return false;
    }

    private void fail(String message) {
        boolean better = failure == null || (message.contains(HINT) && !failure.contains(HINT));
        if (better) {
            failure = message;
        }
    }

    /** Returns the steps, from the root. */
    public List<String> steps() {
        return List.copyOf(steps);
    }

    /** Returns what the settings accept there. */
    Shape shape() {
        return Objects.requireNonNull(shape);
    }

    /** Returns the index that a step is, of an element of a list. */
    static Optional<Integer> index(String step) {
        Matcher index = INDEX.matcher(step);
        return index.matches() ? Optional.of(Integer.valueOf(index.group(1))) : Optional.empty();
    }

    /** The key as {@link Setting#key} has it, without quotes. */
    @Override
    public String toString() {
        var key = new StringBuilder();
        for (String step : steps) {
            key.append(key.isEmpty() || INDEX.matcher(step).matches() ? "" : ".")
                    .append(step);
        }
        return key.toString();
    }
}
