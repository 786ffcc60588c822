package dev.treaty.core.contract;

import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import dev.treaty.core.text.PrintableText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Parses the text that {@link ContractWriter} writes; the grammar is documented there. Definitions may come in any
 * order: their positions are found first, and each is parsed when its name is first used.
 */
final class ContractParser {
    /** The maximum length of the text, in characters. */
    static final int LENGTH_MAX = 1 << 20;

    /** The maximum nesting of brackets and of definitions that use each other. */
    static final int DEPTH_MAX = 64;

    private static final Set<String> DEFINITIONS = Set.of("record", "enum", "choice");

    private final ContractScanner scanner;
    private final Map<String, Integer> definitions = new HashMap<>();
    private final Map<String, Shape> shapes = new HashMap<>();

    ContractParser(String text) {
        this.scanner = new ContractScanner(text);
    }

    ServiceContract parse() {
        try {
            scanner.scan(LENGTH_MAX);
            return contract();
        } catch (ContractException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw scanner.problem(String.valueOf(e.getMessage()));
        }
    }

    private ServiceContract contract() {
        scanner.expect("contract");
        var name = new ServiceName(scanner.word("the service's name"));
        var version = Version.parse(scanner.word("the version"));
        String description = description();
        var capabilities = new ArrayList<ServiceCapability>();
        while (scanner.take("capability")) {
            String capability = scanner.word("the capability's name");
            var capabilityVersion = Version.parse(scanner.word("the capability's version"));
            boolean enabled = !scanner.take("off");
            capabilities.add(new ServiceCapability(capability, description(), capabilityVersion, enabled));
        }
        findDefinitions();
        var operations = new ArrayList<Operation>();
        while (!scanner.ended()) {
            if (atDefinition()) {
                shapes.put(scanner.textAt(1), definition(0));
            } else {
                operations.add(operation());
            }
        }
        return new ServiceContract(name, version, description, capabilities, operations);
    }

    private void findDefinitions() {
        int start = scanner.position();
        for (; !scanner.ended(); scanner.moveTo(scanner.position() + 1)) {
            if (atDefinition() && definitions.putIfAbsent(scanner.textAt(1), scanner.position()) != null) {
                throw scanner.problem("type " + scanner.shown(1) + " is defined twice");
            }
        }
        scanner.moveTo(start);
    }

    /** Only definitions have a keyword and a name that are followed by a description, a tag or a body. */
    private boolean atDefinition() {
        return DEFINITIONS.contains(scanner.textAt(0))
                && scanner.isWord(1)
                && (scanner.isString(2)
                        || scanner.textAt(2).equals("{")
                        || scanner.textAt(2).equals("by"));
    }

    private Operation operation() {
        boolean idempotent = scanner.textAt(0).equals("idempotent") && scanner.isWord(1);
        if (idempotent) {
            scanner.expect("idempotent");
        }
        if (scanner.isWord(0) && !scanner.textAt(1).equals("(")) {
            throw scanner.problem("\"" + scanner.shown(0) + "\" is not expected here: operations look like name(…),"
                    + " definitions begin with record, enum or choice");
        }
        String name = scanner.word("an operation or a definition");
        scanner.expect("(");
        Structure request;
        if (scanner.isWord(0) && scanner.textAt(1).equals(")")) {
            request = record(scanner.word("a record"), 0, "the request of " + name);
        } else {
            request = Structure.message(fields(")", 0));
        }
        scanner.expect(")");
        Structure response = scanner.take("->") ? response() : Structure.message(List.of());
        return new Operation(name, description(), idempotent, request, response, Signature.DYNAMIC);
    }

    private Structure response() {
        Shape shape = type(0);
        boolean required = !scanner.take("?");
        return required && shape instanceof Structure structure
                ? structure
                : Structure.message(List.of(new Field(Operation.RESULT, shape, required, "", Optional.empty())));
    }

    private List<Field> fields(String end, int depth) {
        return list(end, () -> {
            String name = scanner.word("a field's name");
            boolean required = !scanner.take("?");
            scanner.expect(":");
            Shape shape = type(depth);
            Optional<String> whenAbsent = scanner.take("=") ? Optional.of(scanner.string()) : Optional.empty();
            return new Field(name, shape, required, description(), whenAbsent);
        });
    }

    /** Parses elements with commas between them, up to the sign at the end. */
    private <T> List<T> list(String end, Supplier<T> element) {
        var list = new ArrayList<T>();
        if (!scanner.textAt(0).equals(end)) {
            do {
                list.add(element.get());
            } while (scanner.take(","));
        }
        return list;
    }

    private Shape type(int depth) {
        checkDepth(depth);
        if (scanner.take("[")) {
            var sequence = new Sequence(type(depth + 1));
            scanner.expect("]");
            return sequence;
        }
        String name = scanner.word("a type");
        if (name.equals("map") && scanner.take("[")) {
            var mapping = new Mapping(type(depth + 1));
            scanner.expect("]");
            return mapping;
        }
        return shape(name, depth);
    }

    private void checkDepth(int depth) {
        if (depth > DEPTH_MAX) {
            throw scanner.problem("a type contains itself, or types are nested deeper than " + DEPTH_MAX);
        }
    }

    private Structure record(String name, int depth, String what) {
        if (shape(name, depth) instanceof Structure structure) {
            return structure;
        }
        throw scanner.problem(what + " must be a record");
    }

    private Shape shape(String name, int depth) {
        Optional<Scalar> scalar = Scalar.of(name);
        if (scalar.isPresent()) {
            return scalar.get();
        }
        Shape known = shapes.get(name);
        if (known != null) {
            return known;
        }
        Integer definition = definitions.get(name);
        int back = scanner.position();
        if (definition == null) {
            scanner.moveTo(back - 1);
            throw scanner.problem("type " + scanner.shown(0) + " is not defined");
        }
        scanner.moveTo(definition);
        Shape shape = definition(depth + 1);
        scanner.moveTo(back);
        shapes.put(name, shape);
        return shape;
    }

    private Shape definition(int depth) {
        checkDepth(depth);
        String kind = scanner.word("a definition");
        String name = scanner.word("the type's name");
        String tag = "";
        if (kind.equals("choice")) {
            scanner.expect("by");
            tag = scanner.word("the tag's field");
        }
        String description = description();
        scanner.expect("{");
        Shape shape = switch (kind) {
            case "record" -> new Structure(name, description, fields("}", depth));
            case "enum" -> new Enumeration(name, description, list("}", () -> scanner.word("an enum value")));
            default -> new Choice(name, description, tag, list("}", () -> option(depth)));
        };
        scanner.expect("}");
        return shape;
    }

    private Choice.Option option(int depth) {
        String tag = scanner.string();
        scanner.expect(":");
        return new Choice.Option(
                tag, record(scanner.word("a record's name"), depth, "the option " + PrintableText.quote(tag)));
    }

    private String description() {
        return scanner.isString(0) ? scanner.string() : "";
    }
}
