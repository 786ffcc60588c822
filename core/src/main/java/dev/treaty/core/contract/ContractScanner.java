package dev.treaty.core.contract;

import dev.treaty.core.text.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Divides contract text into tokens: words, quoted strings and signs, with white space and {@code //} comments between
 * them. It also knows the line of the current token for error messages.
 */
final class ContractScanner {
    /** The longest part of the text that a message shows, in characters. */
    private static final int SHOWN_LENGTH_MAX = 64;

    /** The text of the token that follows the last one. */
    private static final String END = "";

    /** The loop of a string is possessive, so that a long one needs no stack. */
    private static final Pattern TOKEN = Pattern.compile("""
        \\p{javaWhitespace}+|//[^\\n]*\
        |(?<string>"(?:[^"\\\\]|\\\\.)*+)(?<end>"?)\
        |(?<word>(?:[\\p{L}\\p{Nd}_$.]|-(?!>))++)\
        |->|.\
        """, Pattern.DOTALL);

    /** @param text a word, a sign, or a string with its escapes and without its closing quote */
    private record Token(String text, boolean word, int offset) {}

    private final String text;
    private final List<Token> tokens = new ArrayList<>(List.of(new Token(END, false, 0)));
    private int position;

    ContractScanner(String text) {
        this.text = text;
    }

    /** @throws ContractException if the text is too long or a string has no end */
    void scan(int lengthMax) {
        if (text.length() > lengthMax) {
            throw problem("it is longer than " + lengthMax + " characters");
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw problem("it has half of a surrogate pair");
        }
        tokens.clear();
        var matcher = TOKEN.matcher(text);
        while (matcher.find()) {
            String string = matcher.group("string");
            String token = string == null ? matcher.group() : string;
            if (!token.isBlank() && !token.startsWith("//")) {
                tokens.add(new Token(token, matcher.group("word") != null, matcher.start()));
            }
            if (string != null && matcher.end("end") == matcher.start("end")) {
                position = tokens.size() - 1;
                throw problem("the string that begins here has no end");
            }
        }
        tokens.add(new Token(END, false, text.length()));
    }

    /** The index of the current token. */
    int position() {
        return position;
    }

    void moveTo(int index) {
        position = index;
    }

    boolean ended() {
        return textAt(0).equals(END);
    }

    boolean isWord(int ahead) {
        return token(ahead).word;
    }

    boolean isString(int ahead) {
        return textAt(ahead).startsWith("\"");
    }

    /** Returns the text of the token that many positions after the current one. */
    String textAt(int ahead) {
        return token(ahead).text;
    }

    /** Returns such a text as messages show it. */
    String shown(int ahead) {
        return PrintableText.line(textAt(ahead), SHOWN_LENGTH_MAX);
    }

    private Token token(int ahead) {
        return tokens.get(Math.min(position + ahead, tokens.size() - 1));
    }

    /** Moves past the current token if it is this word or sign. */
    boolean take(String expected) {
        boolean found = textAt(0).equals(expected);
        position += found ? 1 : 0;
        return found;
    }

    void expect(String expected) {
        if (!take(expected)) {
            throw unexpected("'" + expected + "'");
        }
    }

    String word(String what) {
        if (!isWord(0)) {
            throw unexpected(what);
        }
        return tokens.get(position++).text;
    }

    String string() {
        if (!isString(0)) {
            throw unexpected("a quoted string");
        }
        String value = textAt(0).substring(1).translateEscapes();
        position++;
        return value;
    }

    private ContractException unexpected(String expected) {
        return problem(expected + " is expected, not " + (ended() ? "the end" : "'" + shown(0) + "'"));
    }

    /** An exception that names the line of the current token. */
    ContractException problem(String reason) {
        long line =
                1 + text.chars().limit(token(0).offset).filter(c -> c == '\n').count();
        return new ContractException("contract text", List.of("line " + line + ": " + reason));
    }
}
