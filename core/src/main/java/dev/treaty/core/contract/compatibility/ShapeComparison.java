package dev.treaty.core.contract.compatibility;

import dev.treaty.core.contract.Field;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.Shape;
import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import dev.treaty.core.contract.compatibility.Difference.Impact;
import dev.treaty.core.contract.compatibility.Difference.Kind;
import dev.treaty.core.contract.compatibility.Difference.Message;
import dev.treaty.core.text.PrintableText;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Compares messages and their parts. Each pair of named types is compared once for requests and once for responses,
 * even if many paths lead to it: the number of paths grows exponentially with the length of a contract.
 *
 * <p>The effect of a difference depends on the direction. In a request an old client writes for a new server, in a
 * response a new server writes for an old client; and only responses may have unknown fields.
 */
final class ShapeComparison {
    private static final int LISTED_MAX = 5;

    private static final Set<Scalar> FLOATING = EnumSet.of(Scalar.FLOAT32, Scalar.FLOAT64);

    /** For each number type, those that represent all of its values exactly. */
    private static final Map<Scalar, Set<Scalar>> WIDER = Map.of(
            Scalar.INT32, EnumSet.of(Scalar.INT64, Scalar.INTEGER, Scalar.FLOAT64, Scalar.DECIMAL),
            Scalar.INT64, EnumSet.of(Scalar.INTEGER, Scalar.DECIMAL),
            Scalar.INTEGER, EnumSet.of(Scalar.DECIMAL),
            Scalar.FLOAT32, EnumSet.of(Scalar.FLOAT64, Scalar.DECIMAL),
            Scalar.FLOAT64, EnumSet.of(Scalar.DECIMAL),
            Scalar.DECIMAL, EnumSet.noneOf(Scalar.class));

    private record Pair(String older, String newer, Message message) {}

    private final Map<Pair, Findings> compared = new HashMap<>();

    /** Returns the differences in the messages of an operation. */
    Findings messages(Operation before, Operation now) {
        var findings = new Findings();
        findings.add(structures(before.request(), now.request(), Message.REQUEST), true);
        if (unrelated(before, now)) {
            findings.add(Rules.difference(
                            Kind.RESULT_CHANGED, Message.RESPONSE, before.name(), false, result(now), result(before))
                    .withImpact(unreadable(before.response()), unreadable(now.response())));
        } else {
            findings.add(structures(before.response(), now.response(), Message.RESPONSE), true);
        }
        return findings;
    }

    /** Returns true if one result is a record and the other is not, and they have no field in common. */
    private static boolean unrelated(Operation before, Operation now) {
        List<Field> fields = before.response().fields();
        return before.wrappedResult().isPresent() != now.wrappedResult().isPresent()
                && !fields.isEmpty()
                && !now.response().fields().isEmpty()
                && fields.stream()
                        .allMatch(field -> now.response().field(field.name()).isEmpty());
    }

    /** How many messages are rejected if a reader finds none of its fields. */
    private static Impact unreadable(Structure reader) {
        return reader.fields().stream().anyMatch(Field::required) ? Impact.ALL : Impact.SOME;
    }

    private static String result(Operation operation) {
        return operation
                .wrappedResult()
                .map(field -> word(field.shape()))
                .orElse("the record " + operation.response().name());
    }

    /** The name of a shape in contract text. */
    private static String word(Shape shape) {
        return switch (shape) {
            case Scalar scalar -> scalar.word();
            case Sequence(var element) -> "[" + word(element) + "]";
            case Mapping(var value) -> "map[" + word(value) + "]";
            case Structure structure -> structure.name();
            case Enumeration enumeration -> enumeration.name();
            case Choice choice -> choice.name();
        };
    }

    private Findings compare(Shape before, Shape now, Message message, String where) {
        return switch (before) {
            case Structure one when now instanceof Structure other -> structures(one, other, message);
            case Choice one when now instanceof Choice other -> choices(one, other, message);
            case Enumeration one when now instanceof Enumeration other -> enumerations(one, other, message);
            case Sequence(var one)
            when now instanceof Sequence(var other) -> part(compare(one, other, message, where + "[]"));
            case Mapping(var one)
            when now instanceof Mapping(var other) -> part(compare(one, other, message, where + "{}"));
            default -> types(before, now, message, where);
        };
    }

    private static Findings part(Findings inside) {
        var findings = new Findings();
        findings.add(inside, false);
        return findings;
    }

    private static Findings types(Shape before, Shape now, Message message, String where) {
        var findings = new Findings();
        if (!before.equals(now)) {
            Impact forth = reading(before, now);
            Impact back = reading(now, before);
            boolean request = message == Message.REQUEST;
            String consequence = forth != Impact.NONE
                    ? "the two are incompatible. Keep it, and add a field with another name."
                    : back == Impact.NONE
                            ? "both versions accept the values of the other."
                            : "readers of the new type accept the old one, but not the reverse. "
                                    + (request
                                            ? "Roll out the servers before the clients."
                                            : "Roll out the clients before the servers, or keep it.");
            findings.add(
                    Rules.difference(Kind.TYPE_CHANGED, message, where, false, word(now), word(before), consequence)
                            .withImpact(request ? forth : back, request ? back : forth));
        }
        return findings;
    }

    /** How many values of one shape are rejected by a reader of another; not for two of the same composite kind. */
    private static Impact reading(Shape writer, Shape reader) {
        if (isText(writer) && isText(reader)) {
            return writer.equals(reader) || reader == Scalar.STRING ? Impact.NONE : Impact.SOME;
        }
        if (writer instanceof Scalar from && reader instanceof Scalar to) {
            return readingNumber(from, to);
        }
        return isObject(writer) && isObject(reader) ? Impact.SOME : Impact.ALL;
    }

    private static Impact readingNumber(Scalar writer, Scalar reader) {
        if (writer == reader) {
            return Impact.NONE;
        }
        Set<Scalar> wider = WIDER.get(writer);
        if (wider == null || !WIDER.containsKey(reader)) {
            return Impact.ALL;
        }
        boolean whole = reader == Scalar.INT32 || reader == Scalar.INT64 || reader == Scalar.INTEGER;
        return wider.contains(reader) ? Impact.NONE : FLOATING.contains(writer) && whole ? Impact.ALL : Impact.SOME;
    }

    private static boolean isText(Shape shape) {
        return shape instanceof Enumeration || (shape instanceof Scalar scalar && scalar.isText());
    }

    private static boolean isObject(Shape shape) {
        return shape instanceof Structure || shape instanceof Mapping || shape instanceof Choice;
    }

    private Findings structures(Structure before, Structure now, Message message) {
        if (before.anonymous() || now.anonymous()) {
            var findings = new Findings();
            fields(findings, before, now, message);
            return findings;
        }
        return named(before.name(), now.name(), message, findings -> fields(findings, before, now, message));
    }

    /** Compares a pair of named types unless that has been done. */
    private Findings named(String before, String now, Message message, Consumer<Findings> comparison) {
        var pair = new Pair(before, now, message);
        Findings findings = compared.get(pair);
        if (findings == null) {
            findings = new Findings();
            comparison.accept(findings);
            if (!before.equals(now)) {
                findings.add(Rules.difference(Kind.TYPE_RENAMED, message, before, false, now));
            }
            compared.put(pair, findings);
        }
        return findings;
    }

    private void fields(Findings findings, Structure before, Structure now, Message message) {
        String prefix = before.anonymous() ? "" : before.name() + ".";
        Map<String, Field> added = new LinkedHashMap<>();
        now.fields().forEach(field -> added.put(field.name(), field));
        for (Field field : before.fields()) {
            String where = prefix + field.name();
            Field other = added.remove(field.name());
            if (other == null) {
                findings.add(Rules.difference(Kind.FIELD_REMOVED, message, where, field.required()));
            } else {
                field(findings, field, other, message, where);
            }
        }
        added.forEach((name, field) ->
                findings.add(Rules.difference(Kind.FIELD_ADDED, message, prefix + name, field.required())));
    }

    private void field(Findings findings, Field before, Field now, Message message, String where) {
        findings.add(compare(before.shape(), now.shape(), message, where), before.required() && now.required());
        if (before.required() != now.required()) {
            Kind kind = now.required() ? Kind.FIELD_REQUIRED : Kind.FIELD_OPTIONAL;
            findings.add(Rules.difference(kind, message, where, now.required()));
        } else if (!now.required() && !before.whenAbsent().equals(now.whenAbsent())) {
            findings.add(
                    Rules.difference(Kind.DEFAULT_CHANGED, message, where, false, defaultOf(now), defaultOf(before)));
        }
    }

    private static String defaultOf(Field field) {
        return field.whenAbsent().map(PrintableText::quote).orElse("nothing");
    }

    private Findings enumerations(Enumeration before, Enumeration now, Message message) {
        return named(before.name(), now.name(), message, findings -> {
            values(findings, before.values(), now.values(), Kind.ENUM_VALUE_REMOVED, message, before.name());
            values(findings, now.values(), before.values(), Kind.ENUM_VALUE_ADDED, message, before.name());
        });
    }

    private Findings choices(Choice before, Choice now, Message message) {
        return named(before.name(), now.name(), message, findings -> {
            if (!before.tag().equals(now.tag())) {
                findings.add(
                        Rules.difference(Kind.TAG_CHANGED, message, before.name(), false, now.tag(), before.tag()));
            }
            var one = options(before);
            var other = options(now);
            values(findings, one.keySet(), other.keySet(), Kind.OPTION_REMOVED, message, before.name());
            values(findings, other.keySet(), one.keySet(), Kind.OPTION_ADDED, message, before.name());
            one.forEach((tag, structure) -> {
                Structure same = other.get(tag);
                if (same != null) {
                    findings.add(structures(structure, same, message), false);
                }
            });
        });
    }

    private static Map<String, Structure> options(Choice choice) {
        var options = new LinkedHashMap<String, Structure>();
        choice.options().forEach(option -> options.put(option.tag(), option.structure()));
        return options;
    }

    /** Adds a difference for the values of one closed list that the other does not have. */
    private static void values(
            Findings findings,
            Collection<String> values,
            Collection<String> others,
            Kind kind,
            Message message,
            String where) {
        var missing = new LinkedHashSet<>(values);
        missing.removeAll(Set.copyOf(others));
        if (!missing.isEmpty()) {
            Difference difference = Rules.difference(kind, message, where, false, listed(missing));
            findings.add(missing.size() < values.size() ? difference : difference.inAll());
        }
    }

    private static String listed(Collection<String> values) {
        int more = values.size() - LISTED_MAX;
        return values.stream().limit(LISTED_MAX).map(PrintableText::quote).collect(Collectors.joining(", "))
                + (more > 0 ? " and " + more + " more" : "");
    }
}
