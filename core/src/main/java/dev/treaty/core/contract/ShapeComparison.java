package dev.treaty.core.contract;

import dev.treaty.core.contract.ComparisonResult.Found;
import dev.treaty.core.contract.Difference.Impact;
import dev.treaty.core.contract.Difference.Kind;
import dev.treaty.core.contract.Difference.Message;
import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Compares messages, and what they are made of. Each pair of named types is compared once for requests and once for
 * responses, however many paths lead to it: a contract of a few lines may have more paths than anybody could walk.
 *
 * <p>What a difference does depends on who writes and who reads. In a request an old client writes for a new server, in
 * a response a new server writes for an old client, and only the reader of a response skips fields that it does not
 * know.
 */
final class ShapeComparison {
    private static final int LISTED_MAX = 5;

    private static final Set<Scalar> TEXT = EnumSet.of(
            Scalar.STRING,
            Scalar.BYTES,
            Scalar.INSTANT,
            Scalar.DATE,
            Scalar.TIME,
            Scalar.DATETIME,
            Scalar.TIMESTAMP,
            Scalar.DURATION,
            Scalar.UUID,
            Scalar.URI);

    private static final Set<Scalar> FLOATING = EnumSet.of(Scalar.FLOAT32, Scalar.FLOAT64);

    /** The kinds of numbers that read each kind exactly. */
    private static final Map<Scalar, Set<Scalar>> WIDER = Map.of(
            Scalar.INT32, EnumSet.of(Scalar.INT64, Scalar.INTEGER, Scalar.FLOAT64, Scalar.DECIMAL),
            Scalar.INT64, EnumSet.of(Scalar.INTEGER, Scalar.DECIMAL),
            Scalar.INTEGER, EnumSet.of(Scalar.DECIMAL),
            Scalar.FLOAT32, EnumSet.of(Scalar.FLOAT64, Scalar.DECIMAL),
            Scalar.FLOAT64, EnumSet.of(Scalar.DECIMAL),
            Scalar.DECIMAL, EnumSet.noneOf(Scalar.class));

    private record Pair(String older, String newer, Message message) {}

    private final Map<Pair, ComparisonResult> known = new HashMap<>();

    /** What differs in the messages of an operation. */
    ComparisonResult messages(Operation one, Operation two) {
        var findings = new ComparisonResult();
        findings.add(structures(one.request(), two.request(), Message.REQUEST), true);
        boolean common = one.response().fields().stream()
                .anyMatch(field -> two.response().field(field.name()).isPresent());
        boolean both =
                !one.response().fields().isEmpty() && !two.response().fields().isEmpty();
        boolean wrapped = one.wrappedResult().isPresent() != two.wrappedResult().isPresent();
        if (both && wrapped && !common) {
            findings.add(new Found(
                    Kind.RESULT_CHANGED,
                    Message.RESPONSE,
                    one.name(),
                    "the operation gives " + result(two) + " in place of " + result(one)
                            + ": the two look nothing alike. Add an operation of another name.",
                    misread(one.response()),
                    misread(two.response())));
        } else {
            findings.add(structures(one.response(), two.response(), Message.RESPONSE), true);
        }
        return findings;
    }

    /** What happens where a reader finds nothing of what it knows. */
    private static Impact misread(Structure reader) {
        return reader.fields().stream().anyMatch(Field::required) ? Impact.ALL : Impact.SOME;
    }

    private static String result(Operation operation) {
        return operation
                .wrappedResult()
                .map(field -> word(field.shape()))
                .orElse("the record " + operation.response().name());
    }

    /** How contract text names a shape. */
    static String word(Shape shape) {
        return switch (shape) {
            case Scalar scalar -> scalar.word();
            case Sequence(var element) -> "[" + word(element) + "]";
            case Mapping(var value) -> "map[" + word(value) + "]";
            case Structure structure -> structure.name();
            case Enumeration enumeration -> enumeration.name();
            case Choice choice -> choice.name();
        };
    }

    private ComparisonResult compare(Shape one, Shape two, Message message, String where) {
        return switch (one) {
            case Structure before when two instanceof Structure after -> structures(before, after, message);
            case Choice before when two instanceof Choice after -> choices(before, after, message);
            case Enumeration before when two instanceof Enumeration after -> enumerations(before, after, message);
            case Sequence(var before)
            when two instanceof Sequence(var after) -> part(compare(before, after, message, where + "[]"));
            case Mapping(var before)
            when two instanceof Mapping(var after) -> part(compare(before, after, message, where + "{}"));
            default -> values(one, two, message, where);
        };
    }

    private static ComparisonResult part(ComparisonResult inside) {
        var findings = new ComparisonResult();
        findings.add(inside, false);
        return findings;
    }

    private static ComparisonResult values(Shape one, Shape two, Message message, String where) {
        var findings = new ComparisonResult();
        if (!one.equals(two) || !(one instanceof Scalar)) {
            String what = "it is " + word(two) + " where it was " + word(one) + ": ";
            Impact forth = reading(one, two);
            Impact back = reading(two, one);
            String advice = forth == Impact.NONE && back == Impact.NONE
                    ? "either is read as the other."
                    : forth == Impact.NONE
                            ? "what was " + word(one) + " is read as " + word(two) + ", but not the other way round. "
                                    + order(message)
                            : "values do not fit. Keep it, and add a field of another name.";
            findings.add(found(Kind.TYPE_CHANGED, message, where, what + advice, forth, back));
        }
        return findings;
    }

    /** Where only one direction works, who has to be rolled out first. */
    private static String order(Message message) {
        return message == Message.REQUEST
                ? "Roll out the servers before the clients."
                : "Roll out the clients before the servers, or keep it.";
    }

    /**
     * A difference in a message.
     *
     * @param forth what happens where something written in the old shape is read in the new one
     * @param back what happens where something written in the new shape is read in the old one
     */
    private static Found found(Kind kind, Message message, String where, String text, Impact forth, Impact back) {
        boolean request = message == Message.REQUEST;
        return new Found(kind, message, where, text, request ? forth : back, request ? back : forth);
    }

    /** What happens to values of one shape that are read as another; the two are not of the same composite kind. */
    private static Impact reading(Shape writer, Shape reader) {
        if (writer instanceof Scalar from && reader instanceof Scalar to) {
            return reading(from, to);
        }
        if (text(writer) && text(reader)) {
            return reader == Scalar.STRING ? Impact.NONE : Impact.SOME;
        }
        return object(writer) && object(reader) ? Impact.SOME : Impact.ALL;
    }

    private static Impact reading(Scalar writer, Scalar reader) {
        if (writer == reader) {
            return Impact.NONE;
        }
        if (TEXT.contains(writer) && TEXT.contains(reader)) {
            return reader == Scalar.STRING ? Impact.NONE : Impact.SOME;
        }
        Set<Scalar> wider = WIDER.get(writer);
        if (wider == null || !WIDER.containsKey(reader)) {
            return Impact.ALL;
        }
        boolean whole = reader == Scalar.INT32 || reader == Scalar.INT64 || reader == Scalar.INTEGER;
        return wider.contains(reader) ? Impact.NONE : FLOATING.contains(writer) && whole ? Impact.ALL : Impact.SOME;
    }

    private static boolean text(Shape shape) {
        return shape instanceof Enumeration || (shape instanceof Scalar scalar && TEXT.contains(scalar));
    }

    private static boolean object(Shape shape) {
        return shape instanceof Structure || shape instanceof Mapping || shape instanceof Choice;
    }

    private ComparisonResult structures(Structure one, Structure two, Message message) {
        if (one.anonymous() || two.anonymous()) {
            return fields(one, two, message);
        }
        var pair = new Pair(one.name(), two.name(), message);
        ComparisonResult findings = known.get(pair);
        if (findings == null) {
            findings = fields(one, two, message);
            renamed(findings, one.name(), two.name(), message);
            known.put(pair, findings);
        }
        return findings;
    }

    private static void renamed(ComparisonResult findings, String one, String two, Message message) {
        if (!one.equals(two)) {
            findings.add(found(
                    Kind.TYPE_RENAMED,
                    message,
                    one,
                    "the type is called " + two + " now, which does not travel.",
                    Impact.NONE,
                    Impact.NONE));
        }
    }

    private ComparisonResult fields(Structure one, Structure two, Message message) {
        var findings = new ComparisonResult();
        String prefix = one.anonymous() ? "" : one.name() + ".";
        var before = byName(one);
        var after = byName(two);
        var renames = Renames.sought(
                before, after, (field, other) -> word(field.shape()).equals(word(other.shape())));
        before.forEach((name, field) -> {
            Field now = after.get(name);
            Field other = after.get(renames.getOrDefault(name, ""));
            if (now != null) {
                findings.add(field(field, now, message, prefix + name), true);
            } else if (other != null) {
                findings.add(renamed(field, other, message, prefix + name));
            } else {
                findings.add(removed(field, message, prefix + name));
            }
        });
        after.forEach((name, field) -> {
            if (!before.containsKey(name) && !renames.containsValue(name)) {
                findings.add(added(field, message, prefix + name));
            }
        });
        return findings;
    }

    private static Map<String, Field> byName(Structure structure) {
        var byName = new LinkedHashMap<String, Field>();
        structure.fields().forEach(field -> byName.put(field.name(), field));
        return byName;
    }

    private ComparisonResult field(Field one, Field two, Message message, String where) {
        var findings = new ComparisonResult();
        findings.add(compare(one.shape(), two.shape(), message, where), one.required() && two.required());
        boolean request = message == Message.REQUEST;
        if (!one.required() && two.required()) {
            String text = request
                    ? "it is required now: requests of old clients that leave it out are refused. Let it be left out,"
                            + " or give it a default with @DefaultValue."
                    : "it is always there now, and new clients count on it, also where old servers leave it out. Roll"
                            + " out the servers before the clients.";
            findings.add(found(Kind.FIELD_REQUIRED, message, where, text, Impact.SOME, Impact.NONE));
        } else if (one.required() && !two.required()) {
            String text = request
                    ? "it may be left out now: old servers refuse requests without it. Roll out the servers before the"
                            + " clients that leave it out."
                    : "it may be left out now: old clients require it. Keep it until all clients do without it.";
            findings.add(found(Kind.FIELD_OPTIONAL, message, where, text, Impact.NONE, Impact.SOME));
        } else if (!one.required() && !one.whenAbsent().equals(two.whenAbsent())) {
            String reader = request ? "server" : "client";
            findings.add(found(
                    Kind.DEFAULT_CHANGED,
                    message,
                    where,
                    "where it is left out it means " + meant(two) + ", and meant " + meant(one) + ": which of them is"
                            + " up to the version of the " + reader + ".",
                    Impact.NONE,
                    Impact.NONE));
        }
        return findings;
    }

    private static String meant(Field field) {
        return field.whenAbsent().map(ContractWriter::quote).orElse("nothing");
    }

    private static Found removed(Field field, Message message, String where) {
        boolean request = message == Message.REQUEST;
        String newer = field.required() ? " Old servers require it of new clients too." : "";
        String text = request
                ? "it is gone: old clients still send it, and a request with a field that the server does not know is"
                        + " refused. Keep it, as one that may be left out, until nobody sends it." + newer
                : field.required()
                        ? "it is gone: old clients require it. Keep it until no client reads it."
                        : "it is gone: old clients do without it, as they had to.";
        return found(Kind.FIELD_REMOVED, message, where, text, written(field, message), missed(field));
    }

    private static Found added(Field field, Message message, String where) {
        boolean request = message == Message.REQUEST;
        String text;
        if (request) {
            text = field.required()
                    ? "it is new and required: old clients do not send it. Let it be left out, or give it a default"
                            + " with @DefaultValue."
                    : "it is new: old servers refuse requests that have it. Roll out the servers before the clients"
                            + " that send it.";
        } else {
            text = field.required()
                    ? "it is new: old clients skip it, but new clients require it, also of old servers. Roll out the"
                            + " servers before the clients, or let it be left out."
                    : "it is new: old clients skip it.";
        }
        return found(Kind.FIELD_ADDED, message, where, text, missed(field), written(field, message));
    }

    private static Found renamed(Field one, Field two, Message message, String where) {
        Found removed = removed(one, message, where);
        Found added = added(two, message, where);
        return new Found(
                Kind.FIELD_RENAMED,
                message,
                where,
                "it seems to be called \"" + two.name() + "\" now: fields travel by name, so this removes one and adds"
                        + " another. Keep \"" + one.name() + "\" beside it, and let both be left out, until nobody"
                        + " uses the old name.",
                removed.oldClients().or(added.oldClients()),
                removed.newClients().or(added.newClients()));
    }

    /** What happens where a writer writes a field that the reader does not know. */
    private static Impact written(Field field, Message message) {
        return message == Message.RESPONSE ? Impact.NONE : field.required() ? Impact.ALL : Impact.SOME;
    }

    /** What happens where a reader seeks a field that the writer does not know. */
    private static Impact missed(Field field) {
        return field.required() ? Impact.ALL : Impact.NONE;
    }

    private static ComparisonResult enumerations(Enumeration one, Enumeration two, Message message) {
        var findings = new ComparisonResult();
        closed(
                findings,
                one.values(),
                two.values(),
                new Kind[] {Kind.ENUM_VALUE_REMOVED, Kind.ENUM_VALUE_ADDED},
                message,
                one.name());
        renamed(findings, one.name(), two.name(), message);
        return findings;
    }

    private ComparisonResult choices(Choice one, Choice two, Message message) {
        var pair = new Pair(one.name(), two.name(), message);
        ComparisonResult before = known.get(pair);
        if (before != null) {
            return before;
        }
        var findings = new ComparisonResult();
        if (!one.tag().equals(two.tag())) {
            findings.add(found(
                    Kind.TAG_CHANGED,
                    message,
                    one.name(),
                    "its records are told apart by \"" + two.tag() + "\" in place of \"" + one.tag()
                            + "\", which no reader of the other version looks at. Keep \"" + one.tag() + "\".",
                    Impact.ALL,
                    Impact.ALL));
        }
        var after = new LinkedHashMap<String, Structure>();
        two.options().forEach(option -> after.put(option.tag(), option.structure()));
        closed(
                findings,
                one.options().stream().map(Choice.Option::tag).toList(),
                after.keySet(),
                new Kind[] {Kind.OPTION_REMOVED, Kind.OPTION_ADDED},
                message,
                one.name());
        for (Choice.Option option : one.options()) {
            Structure now = after.get(option.tag());
            if (now != null) {
                findings.add(structures(option.structure(), now, message), false);
            }
        }
        renamed(findings, one.name(), two.name(), message);
        known.put(pair, findings);
        return findings;
    }

    /** Compares two closed lists of words, of which a reader accepts only those of its own. */
    private static void closed(
            ComparisonResult findings,
            Collection<String> one,
            Collection<String> two,
            Kind[] removedAndAdded,
            Message message,
            String where) {
        var before = Set.copyOf(one);
        var after = Set.copyOf(two);
        List<String> gone = one.stream().filter(value -> !after.contains(value)).toList();
        List<String> fresh =
                two.stream().filter(value -> !before.contains(value)).toList();
        boolean request = message == Message.REQUEST;
        if (!gone.isEmpty()) {
            String text = request
                    ? listed(gone)
                            + " gone: old clients may still send it, and it is refused. Keep it until nobody does."
                    : listed(gone) + " gone: new clients refuse it, and old servers may still answer with it. Roll out"
                            + " the servers before the clients.";
            Impact harm = gone.size() == one.size() ? Impact.ALL : Impact.SOME;
            findings.add(found(removedAndAdded[0], message, where, text, harm, Impact.NONE));
        }
        if (!fresh.isEmpty()) {
            String text = request
                    ? listed(fresh)
                            + " new: old servers refuse it. Roll out the servers before the clients that send it."
                    : listed(fresh) + " new: old clients refuse an answer with it. Answer with it only to those who ask"
                            + " for it in a new field or operation, until all clients have been updated.";
            Impact harm = fresh.size() == two.size() ? Impact.ALL : Impact.SOME;
            findings.add(found(removedAndAdded[1], message, where, text, Impact.NONE, harm));
        }
    }

    private static String listed(List<String> words) {
        var listed = new ArrayList<>(words.subList(0, Math.min(LISTED_MAX, words.size())));
        String text = listed.stream().map(ContractWriter::quote).collect(Collectors.joining(", "));
        int more = words.size() - listed.size();
        return text + (more > 0 ? " and " + more + " more are" : words.size() > 1 ? " are" : " is");
    }
}
