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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

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
    private final Map<String, Shape> definitions = new TreeMap<>();

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
        definitions.values().forEach(this::definition);
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
            case Structure s ->
                define(s.name(), s, s.fields().stream().map(Field::shape).toList());
            case Enumeration e -> define(e.name(), e, List.of());
            case Choice c ->
                define(
                        c.name(),
                        c,
                        c.options().stream().map(Choice.Option::structure).toList());
        };
    }

    private String define(String name, Shape shape, List<? extends Shape> parts) {
        if (definitions.putIfAbsent(name, shape) == null) {
            parts.forEach(this::type);
        }
        return name;
    }

    private void definition(Shape shape) {
        switch (shape) {
            case Structure s ->
                definition(
                        "record " + s.name(),
                        s.description(),
                        s.fields().stream().map(this::field).toList());
            case Enumeration e -> definition("enum " + e.name(), e.description(), e.values());
            case Choice c ->
                definition(
                        "choice " + c.name() + " by " + c.tag(),
                        c.description(),
                        c.options().stream()
                                .map(option -> quote(option.tag()) + ": "
                                        + option.structure().name())
                                .toList());
            default -> throw new IllegalStateException("only named types are defined: " + shape);
        }
    }

    private void definition(String head, String description, List<String> lines) {
        out.append('\n').append(head).append(text(" ", description));
        out.append(lines.isEmpty() ? " {" : " {\n  ").append(String.join(",\n  ", lines));
        out.append(lines.isEmpty() ? "}\n" : "\n}\n");
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
