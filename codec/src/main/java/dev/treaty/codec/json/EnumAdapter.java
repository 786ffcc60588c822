package dev.treaty.codec.json;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonToken;

/** A string out of a closed list, as the constant of a Java enum or as itself. */
final class EnumAdapter implements JsonAdapter {
    private final Map<String, Object> constants = new LinkedHashMap<>();
    private final String expected;

    private EnumAdapter(List<String> names) {
        this.expected = "one of " + String.join(", ", names);
    }

    /** The constants of that enum. */
    static EnumAdapter of(Class<?> type) {
        Enum<?>[] all = (Enum<?>[]) type.getEnumConstants();
        var form = new EnumAdapter(List.of(all).stream().map(e -> e.name()).toList());
        for (Enum<?> constant : all) {
            form.constants.put(constant.name(), constant);
        }
        return form;
    }

    /** The strings themselves. */
    static EnumAdapter of(List<String> names) {
        var form = new EnumAdapter(names);
        names.forEach(name -> form.constants.put(name, name));
        return form;
    }

    @Override
    public String expected() {
        return expected;
    }

    @Override
    public Object read(MessageReader in) {
        if (in.parser.currentToken() != JsonToken.VALUE_STRING) {
            throw in.mismatch(expected);
        }
        return constant(in, in.parser.getString());
    }

    /** The constant of that name. */
    Object constant(MessageReader in, String name) {
        Object constant = constants.get(name);
        if (constant == null) {
            throw in.refuse("must be " + expected + ", not \"" + MessageReader.echo(name) + "\"");
        }
        return constant;
    }

    @Override
    public void write(MessageWriter out, Object value) {
        out.generator.writeString(value instanceof Enum<?> constant ? constant.name() : (String) value);
    }

    @Override
    public Object parse(String text) {
        Object constant = constants.get(text);
        if (constant == null) {
            throw new IllegalArgumentException("the default " + text + " must be " + expected);
        }
        return constant;
    }
}
