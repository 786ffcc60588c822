package dev.treaty.core.contract;

import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes a contract as text. The grammar, which {@link ContractParser} parses:
 *
 * <pre>{@code
 * contract   = "contract" NAME VERSION text? capability* operation* definition*
 * capability = "capability" NAME VERSION "off"? text?
 * operation  = "idempotent"? NAME "(" ( TYPE-NAME | fields ) ")" ( "->" type "?"? )? text?
 * fields     = ( field ( "," field )* )?
 * field      = NAME "?"? ":" type ( "=" STRING )? text?
 * type       = SCALAR | TYPE-NAME | "[" type "]" | "map" "[" type "]"
 * definition = "record" TYPE-NAME text? "{" fields "}"
 *            | "enum" TYPE-NAME text? "{" NAME ( "," NAME )* "}"
 *            | "choice" TYPE-NAME "by" NAME text? "{" TAG ":" TYPE-NAME ( "," … )* "}"
 * text       = STRING
 * }</pre>
 */
final class ContractWriter {
    private final boolean descriptions;
    private final StringBuilder out = new StringBuilder(1024);
    private final Map<String, String> definitions = new TreeMap<>();

    ContractWriter(boolean descriptions) {
        this.descriptions = descriptions;
    }

    static String fingerprint(ServiceContract contract) {
        var writer = new ContractWriter(false);
        writer.body(contract);
        String promise = contract.name() + "\n" + writer.out;
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(promise.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    String write(ServiceContract contract) {
        out.append("contract ").append(contract.name()).append(' ').append(contract.version());
        out.append(text("\n  ", contract.description())).append('\n');
        for (ServiceCapability capability : contract.capabilities()) {
            out.append("capability ").append(capability.name()).append(' ').append(capability.version());
            out.append(capability.enabled() ? "" : " off");
            out.append(text(" ", capability.description())).append('\n');
        }
        body(contract);
        return out.toString();
    }

    private void body(ServiceContract contract) {
        contract.operations().forEach(this::operation);
        definitions.values().forEach(definition -> out.append('\n').append(definition));
    }

    private void operation(Operation operation) {
        out.append(operation.idempotent() ? "\nidempotent " : "\n").append(operation.name());
        out.append('(');
        if (operation.request().anonymous()) {
            out.append(operation.request().fields().stream().map(this::field).collect(Collectors.joining(", ")));
        } else {
            out.append(type(operation.request()));
        }
        out.append(')');
        operation
                .wrappedResult()
                .ifPresent(f -> out.append(" -> ").append(type(f.shape())).append(f.required() ? "" : "?"));
        if (!operation.response().anonymous()) {
            out.append(" -> ").append(type(operation.response()));
        }
        out.append(text(" ", operation.description())).append('\n');
    }

    private String field(Field field) {
        String whenAbsent =
                field.whenAbsent().map(value -> " = " + quote(value)).orElse("");
        return field.name() + (field.required() ? "" : "?") + ": " + type(field.shape()) + whenAbsent
                + text(" ", field.description());
    }

    private String type(Shape shape) {
        return switch (shape) {
            case Scalar scalar -> scalar.word();
            case Sequence(var element) -> "[" + type(element) + "]";
            case Mapping(var value) -> "map[" + type(value) + "]";
            case Structure(var name, var description, var fields) ->
                define(name, "record " + name, description, fields.stream().map(this::field));
            case Enumeration(var name, var description, var values) ->
                define(name, "enum " + name, description, values.stream());
            case Choice(var name, var description, var tag, var options) ->
                define(
                        name,
                        "choice " + name + " by " + tag,
                        description,
                        options.stream().map(this::option));
        };
    }

    private String option(Choice.Option option) {
        return quote(option.tag()) + ": " + type(option.structure());
    }

    private String define(String name, String head, String description, Stream<String> lines) {
        if (!definitions.containsKey(name)) {
            String body = lines.collect(Collectors.joining(",\n  "));
            definitions.put(
                    name, head + text(" ", description) + (body.isEmpty() ? " {}\n" : " {\n  " + body + "\n}\n"));
        }
        return name;
    }

    private String text(String separator, String description) {
        return descriptions && !description.isEmpty() ? separator + quote(description) : "";
    }

    private static String quote(String text) {
        return '"'
                + text.replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\t", "\\t")
                + '"';
    }
}
