package dev.treaty.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads and writes the JSON of central settings: objects, lists, texts and whole numbers. */
final class JsonText {
    /** The deepest nesting that is read. */
    private static final int DEPTH_MAX = 8;

    private static final String SPACE = " \t\r\n";
    private static final String ESCAPES = "\"\\/bfnrt";
    private static final String ESCAPED = "\"\\/\b\f\n\r\t";
    private static final int HEX_DIGITS = 4;
    private static final int NUMBER_LENGTH_MAX = 18;

    private final String text;
    private int at;

    private JsonText(String text) {
        this.text = text;
    }

    /**
     * Reads a value: a {@code Map}, {@code List}, {@code String} or {@code Long}.
     *
     * @throws IllegalArgumentException if it is not such JSON
     */
    static Object read(String text) {
        var reader = new JsonText(text);
        Object value = reader.value(0);
        reader.skipSpace();
        if (reader.at < text.length()) {
            throw reader.invalid("something follows the end");
        }
        return value;
    }

    /** Returns a text in quotes. */
    static String quote(String text) {
        var quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c);
        }
        return quoted.append('"').toString();
    }

    private IllegalArgumentException invalid(String problem) {
        return new IllegalArgumentException("not JSON of central settings, at character " + at + ": " + problem);
    }

    private void skipSpace() {
        while (at < text.length() && SPACE.indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char next() {
        if (at == text.length()) {
            throw invalid("the end is missing");
        }
        return text.charAt(at++);
    }

    /** Skips a character if it comes next, after space. */
    private boolean skip(char expected) {
        skipSpace();
        if (at < text.length() && text.charAt(at) == expected) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char expected) {
        if (!skip(expected)) {
            throw invalid("expected " + expected);
        }
    }

    private Object value(int depth) {
        if (depth > DEPTH_MAX) {
            throw invalid("the nesting is deeper than " + DEPTH_MAX + " levels");
        }
        if (skip('{')) {
            return object(depth);
        }
        if (skip('[')) {
            return list(depth);
        }
        return skip('"') ? string() : number();
    }

    private Map<String, Object> object(int depth) {
        var fields = new LinkedHashMap<String, Object>();
        if (skip('}')) {
            return fields;
        }
        do {
            expect('"');
            String name = string();
            expect(':');
            if (fields.putIfAbsent(name, value(depth + 1)) != null) {
                throw invalid("a field is there twice");
            }
        } while (skip(','));
        expect('}');
        return fields;
    }

    private List<Object> list(int depth) {
        var elements = new ArrayList<>();
        if (skip(']')) {
            return elements;
        }
        do {
            elements.add(value(depth + 1));
        } while (skip(','));
        expect(']');
        return elements;
    }

    private String string() {
        var string = new StringBuilder();
        for (char c = next(); c != '"'; c = next()) {
            if (c < ' ') {
                throw invalid("a control character in a text");
            }
            string.append(c == '\\' ? escaped() : c);
        }
        return string.toString();
    }

    private char escaped() {
        char c = next();
        if (c == 'u') {
            if (text.length() - at < HEX_DIGITS) {
                throw invalid("the end is missing");
            }
            at += HEX_DIGITS;
            try {
                return (char) Integer.parseUnsignedInt(text, at - HEX_DIGITS, at, 16);
            } catch (NumberFormatException _) {
                throw invalid("four hexadecimal digits follow \\u");
            }
        }
        int index = ESCAPES.indexOf(c);
        if (index < 0) {
            throw invalid("an unknown escape");
        }
        return ESCAPED.charAt(index);
    }

    private Long number() {
        int from = at;
        while (at < text.length() && "-0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(from, at);
        if (digits.length() > NUMBER_LENGTH_MAX || !digits.matches("0|-?[1-9][0-9]*")) {
            throw invalid("expected an object, a list, a text or a whole number");
        }
        return Long.valueOf(digits);
    }
}
