package dev.treaty.codec.json;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.core.JsonToken;

/** Reads and writes the strings of a closed list, as constants of a Java enum or as strings. */
final class EnumAdapter implements JsonAdapter {
    private final Map<String, Object> constants = new LinkedHashMap<>();

    /** An adapter for the constants of an enum. */
    EnumAdapter(Class<?> type) {
        Arrays.stream(type.getEnumConstants())
                .forEach(constant -> constants.put(((Enum<?>) constant).name(), constant));
    }

    /** An adapter for strings. */
    EnumAdapter(List<String> names) {
        names.forEach(name -> constants.put(name, name));
    }

    @Override
    public String expected() {
        return "one of " + String.join(", ", constants.keySet());
    }

    @Override
    public Object read(MessageReader in) {
        in.expect(JsonToken.VALUE_STRING, this);
        return constant(in, in.parser().getString());
    }

    /** Returns the constant with this name. */
    Object constant(MessageReader in, String name) {
        Object constant = constants.get(name);
        if (constant == null) {
            throw in.reject("must be " + expected() + ", not \"" + MessageReader.echo(name) + "\"");
        }
        return constant;
    }

    @Override
    public void write(MessageWriter out, Object value) {
        out.generator().writeString(((Enum<?>) value).name());
    }

    @Override
    public Object parse(String text) {
        return Objects.requireNonNull(constants.get(text)); // the contract has checked it
    }
}
