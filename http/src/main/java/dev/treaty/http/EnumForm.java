package dev.treaty.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonToken;

/** A string out of a closed list, as the constant of a Java enum or as itself. */
final class EnumForm implements Form {
    private final Map<String, Object> constants = new LinkedHashMap<>();
    private final String expected;

    private EnumForm(List<String> names) {
        this.expected = "one of " + String.join(", ", names);
    }

    /** The constants of that enum. */
    static EnumForm of(Class<?> type) {
        Enum<?>[] all = (Enum<?>[]) type.getEnumConstants();
        var form = new EnumForm(List.of(all).stream().map(e -> e.name()).toList());
        for (Enum<?> constant : all) {
            form.constants.put(constant.name(), constant);
        }
        return form;
    }

    /** The strings themselves. */
    static EnumForm of(List<String> names) {
        var form = new EnumForm(names);
        names.forEach(name -> form.constants.put(name, name));
        return form;
    }

    @Override
    public String expected() {
        return expected;
    }

    @Override
    public Object read(Input in) {
        if (in.parser.currentToken() != JsonToken.VALUE_STRING) {
            throw in.mismatch(expected);
        }
        return constant(in, in.parser.getString());
    }

    /** The constant of that name. */
    Object constant(Input in, String name) {
        Object constant = constants.get(name);
        if (constant == null) {
            throw in.refuse("must be " + expected + ", not \"" + Input.echo(name) + "\"");
        }
        return constant;
    }

    @Override
    public void write(Output out, Object value) {
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
