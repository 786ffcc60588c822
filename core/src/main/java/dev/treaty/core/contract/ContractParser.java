package dev.treaty.core.contract;

import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the text that {@link ContractWriter} writes; the grammar stands there. Definitions may come in any order, so
 * the text is first read into drafts, and names are resolved when all are known.
 */
final class ContractParser {
    /** The longest text accepted, in characters. */
    static final int LENGTH_MAX = 1 << 20;

    /** The deepest nesting accepted, of brackets and of definitions inside definitions. */
    static final int DEPTH_MAX = 64;

    private final String text;
    private int at;
    private final Map<String, Draft> drafts = new HashMap<>();
    private final Map<String, Shape> resolved = new HashMap<>();

    private sealed interface Draft {
        record Fields(String description, List<FieldDraft> fields) implements Draft {}

        record Values(String description, List<String> values) implements Draft {}

        record OneOf(String description, String tag, Map<String, String> options) implements Draft {}
    }

    private sealed interface TypeDraft {
        record Named(String name, int at) implements TypeDraft {}

        record ListOf(TypeDraft element) implements TypeDraft {}

        record MapOf(TypeDraft value) implements TypeDraft {}
    }

    private record FieldDraft(
            String name, boolean required, TypeDraft type, Optional<String> whenAbsent, String description) {}

    private record OperationDraft(
            String name,
            String description,
            boolean idempotent,
            @Nullable TypeDraft message,
            List<FieldDraft> fields,
            @Nullable TypeDraft result,
            boolean resultRequired) {}

    ContractParser(String text) {
        this.text = text;
    }

    ServiceContract parse() {
        if (text.length() > LENGTH_MAX) {
            throw problem("it is longer than " + LENGTH_MAX + " characters");
        }
        try {
            return contract();
        } catch (ContractException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw problem(String.valueOf(e.getMessage()));
        }
    }

    private ServiceContract contract() {
        expectWord("contract");
        var name = new ServiceName(word("the service's name"));
        var version = Version.parse(word("the version"));
        String description = description();
        var capabilities = new ArrayList<ServiceCapability>();
        while (takeWord("capability")) {
            String capability = word("the capability's name");
            var capabilityVersion = Version.parse(word("the capability's version"));
            boolean enabled = !takeWord("off");
            capabilities.add(new ServiceCapability(capability, description(), capabilityVersion, enabled));
        }
        var operations = new ArrayList<OperationDraft>();
        while (!ended()) {
            int start = at;
            String first = word("an operation or a definition");
            if (peek() == '(' || first.equals("idempotent")) {
                at = start;
                operations.add(operation());
            } else {
                definition(first);
            }
        }
        return new ServiceContract(
                name,
                version,
                description,
                capabilities,
                operations.stream().map(this::operation).toList());
    }

    private OperationDraft operation() {
        int start = at;
        String name = word("an operation");
        boolean idempotent = name.equals("idempotent") && peek() != '(';
        if (!idempotent) {
            at = start;
        }
        name = word("the operation's name");
        expect('(');
        TypeDraft message = null;
        List<FieldDraft> fields = List.of();
        if (peek() != ')') {
            int before = at;
            String first = word("a parameter");
            if (peek() == ')') {
                message = new TypeDraft.Named(first, before);
            } else {
                at = before;
                fields = fields(')');
            }
        }
        expect(')');
        TypeDraft result = null;
        boolean required = true;
        if (take('-')) {
            expect('>');
            result = type(0);
            required = !take('?');
        }
        return new OperationDraft(name, description(), idempotent, message, fields, result, required);
    }

    private List<FieldDraft> fields(char end) {
        var fields = new ArrayList<FieldDraft>();
        if (peek() == end) {
            return fields;
        }
        do {
            String name = word("a field's name");
            boolean required = !take('?');
            expect(':');
            TypeDraft type = type(0);
            Optional<String> whenAbsent = take('=') ? Optional.of(quoted()) : Optional.empty();
            fields.add(new FieldDraft(name, required, type, whenAbsent, description()));
        } while (take(','));
        return fields;
    }

    private TypeDraft type(int depth) {
        if (depth > DEPTH_MAX) {
            throw problem("types are nested deeper than " + DEPTH_MAX);
        }
        if (take('[')) {
            var element = type(depth + 1);
            expect(']');
            return new TypeDraft.ListOf(element);
        }
        int start = at;
        String name = word("a type");
        if (name.equals("map") && take('[')) {
            var value = type(depth + 1);
            expect(']');
            return new TypeDraft.MapOf(value);
        }
        return new TypeDraft.Named(name, start);
    }

    private void definition(String kind) {
        String name = word("the type's name");
        Draft draft;
        switch (kind) {
            case "record" -> {
                String description = description();
                expect('{');
                draft = new Draft.Fields(description, fields('}'));
            }
            case "enum" -> {
                String description = description();
                expect('{');
                var values = new ArrayList<String>();
                while (peek() != '}' && (values.isEmpty() || take(','))) {
                    values.add(word("an enum value"));
                }
                draft = new Draft.Values(description, values);
            }
            case "choice" -> {
                expectWord("by");
                String tag = word("the tag's field");
                String description = description();
                expect('{');
                var options = new LinkedHashMap<String, String>();
                while (peek() != '}' && (options.isEmpty() || take(','))) {
                    String option = quoted();
                    expect(':');
                    options.put(option, word("a record's name"));
                }
                draft = new Draft.OneOf(description, tag, options);
            }
            default ->
                throw problem("\"" + kind + "\" is not expected here: operations look like name(…), definitions"
                        + " begin with record, enum or choice");
        }
        expect('}');
        if (drafts.put(name, draft) != null) {
            throw problem("type " + name + " is defined twice");
        }
    }

    private Operation operation(OperationDraft draft) {
        Structure request = draft.message == null
                ? new Structure("", "", resolve(draft.fields, 0))
                : record(draft.message, "the request of " + draft.name);
        return new Operation(
                draft.name, draft.description, draft.idempotent, request, response(draft), Signature.DYNAMIC);
    }

    private Structure response(OperationDraft draft) {
        if (draft.result == null) {
            return new Structure("", "", List.of());
        }
        Shape shape = resolve(draft.result, 0);
        return draft.resultRequired && shape instanceof Structure structure
                ? structure
                : new Structure(
                        "",
                        "",
                        List.of(new Field(Operation.RESULT, shape, draft.resultRequired, "", Optional.empty())));
    }

    private Structure record(TypeDraft type, String what) {
        if (resolve(type, 0) instanceof Structure structure) {
            return structure;
        }
        throw problem(what + " must be a record");
    }

    private List<Field> resolve(List<FieldDraft> fields, int depth) {
        return fields.stream()
                .map(f -> new Field(f.name, resolve(f.type, depth), f.required, f.description, f.whenAbsent))
                .toList();
    }

    private Shape resolve(TypeDraft type, int depth) {
        return switch (type) {
            case TypeDraft.ListOf(var element) -> new Sequence(resolve(element, depth));
            case TypeDraft.MapOf(var value) -> new Mapping(resolve(value, depth));
            case TypeDraft.Named named -> resolve(named, depth);
        };
    }

    private Shape resolve(TypeDraft.Named named, int depth) {
        var scalar = Scalar.of(named.name);
        if (scalar.isPresent()) {
            return scalar.get();
        }
        Shape known = resolved.get(named.name);
        if (known != null) {
            return known;
        }
        Draft draft = drafts.get(named.name);
        at = named.at;
        if (draft == null) {
            throw problem("type " + named.name + " is not defined");
        }
        if (depth > DEPTH_MAX) {
            throw problem("type " + named.name + " contains itself or is nested deeper than " + DEPTH_MAX);
        }
        Shape shape = switch (draft) {
            case Draft.Fields(var description, var fields) ->
                new Structure(named.name, description, resolve(fields, depth + 1));
            case Draft.Values(var description, var values) -> new Enumeration(named.name, description, values);
            case Draft.OneOf(var description, var tag, var options) ->
                new Choice(named.name, description, tag, options(options, depth + 1));
        };
        resolved.put(named.name, shape);
        return shape;
    }

    private List<Choice.Option> options(Map<String, String> options, int depth) {
        var shapes = new ArrayList<Choice.Option>();
        options.forEach((tag, record) -> {
            if (!(resolve(new TypeDraft.Named(record, at), depth) instanceof Structure structure)) {
                throw problem("the option \"" + tag + "\" must be a record");
            }
            shapes.add(new Choice.Option(tag, structure));
        });
        return shapes;
    }

    // The scanner: words, quoted strings and single signs, with white space and // comments between them.

    private void skip() {
        while (at < text.length()) {
            if (Character.isWhitespace(text.charAt(at))) {
                at++;
            } else if (text.startsWith("//", at)) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else {
                return;
            }
        }
    }

    private boolean ended() {
        skip();
        return at >= text.length();
    }

    private char peek() {
        return ended() ? '\0' : text.charAt(at);
    }

    private boolean take(char sign) {
        if (peek() != sign) {
            return false;
        }
        at++;
        return true;
    }

    private void expect(char sign) {
        if (!take(sign)) {
            throw problem("'" + sign + "' is expected, not " + (ended() ? "the end" : "'" + peek() + "'"));
        }
    }

    private String word(String what) {
        skip();
        int start = at;
        while (at < text.length() && wordPart(at)) {
            at++;
        }
        if (start == at) {
            throw problem(what + " is expected, not " + (ended() ? "the end" : "'" + peek() + "'"));
        }
        return text.substring(start, at);
    }

    private boolean wordPart(int index) {
        char c = text.charAt(index);
        return Character.isLetterOrDigit(c)
                || c == '_'
                || c == '$'
                || c == '.'
                || (c == '-' && !text.startsWith("->", index));
    }

    private boolean takeWord(String expected) {
        int start = at;
        if (!ended() && wordPart(at) && word(expected).equals(expected)) {
            return true;
        }
        at = start;
        return false;
    }

    private void expectWord(String expected) {
        if (!takeWord(expected)) {
            throw problem("\"" + expected + "\" is expected");
        }
    }

    private String description() {
        return peek() == '"' ? quoted() : "";
    }

    private String quoted() {
        expect('"');
        var value = new StringBuilder();
        while (at < text.length() && text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c == '\\' && at < text.length()) {
                char escaped = text.charAt(at++);
                value.append(escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped);
            } else {
                value.append(c);
            }
        }
        expect('"');
        return value.toString();
    }

    private ContractException problem(String reason) {
        int line = 1
                + (int) text.chars()
                        .limit(Math.min(at, text.length()))
                        .filter(c -> c == '\n')
                        .count();
        return new ContractException("contract text", List.of("line " + line + ": " + reason));
    }
}
