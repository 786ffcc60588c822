package dev.treaty.core.contract;

import java.util.ArrayList;
import java.util.List;

/**
 * Divides contract text into tokens: words, quoted strings and signs, with white space and {@code //} comments between
 * them. It also knows the line of the current token for error messages.
 */
final class ContractScanner {
    /** The text of the token that follows the last one. */
    private static final String END = "";

    /** @param text a word, a sign, or a string without its closing quote */
    private record Token(String text, int offset) {}

    private final String text;
    private final List<Token> tokens = new ArrayList<>(List.of(new Token(END, 0)));
    private int position;

    ContractScanner(String text) {
        this.text = text;
    }

    /** @throws ContractException if the text is too long or a string has no end */
    void scan(int lengthMax) {
        if (text.length() > lengthMax) {
            throw problem("it is longer than " + lengthMax + " characters");
        }
        tokens.clear();
        int at = 0;
        while (at < text.length()) {
            int start = at;
            if (Character.isWhitespace(text.charAt(at))) {
                at++;
            } else if (text.startsWith("//", at)) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (text.charAt(at) == '"') {
                at = scanString(start);
            } else {
                while (at < text.length() && isWordPart(at)) {
                    at++;
                }
                at += at > start ? 0 : text.startsWith("->", at) ? 2 : 1;
                tokens.add(new Token(text.substring(start, at), start));
            }
        }
        tokens.add(new Token(END, at));
    }

    private boolean isWordPart(int at) {
        char c = text.charAt(at);
        return Character.isLetterOrDigit(c) || "_$.".indexOf(c) >= 0 || (c == '-' && !text.startsWith("->", at));
    }

    private int scanString(int start) {
        var value = new StringBuilder("\"");
        int at = start + 1;
        while (at < text.length() && text.charAt(at) != '"') {
            char c = text.charAt(at++);
            if (c == '\\' && at < text.length()) {
                char escaped = text.charAt(at++);
                c = escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
            }
            value.append(c);
        }
        position = tokens.size();
        tokens.add(new Token(value.toString(), start));
        if (at == text.length()) {
            throw problem("the string that begins here has no end");
        }
        position = 0;
        return at + 1;
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
        Token token = token(ahead);
        return !token.text.isEmpty() && !token.text.startsWith("\"") && isWordPart(token.offset);
    }

    boolean isString(int ahead) {
        return textAt(ahead).startsWith("\"");
    }

    /** Returns the text of the token that many positions after the current one. */
    String textAt(int ahead) {
        return token(ahead).text;
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
        return tokens.get(position++).text.substring(1);
    }

    private ContractException unexpected(String expected) {
        return problem(expected + " is expected, not " + (ended() ? "the end" : "'" + textAt(0) + "'"));
    }

    /** An exception that names the line of the current token. */
    ContractException problem(String reason) {
        long line =
                1 + text.chars().limit(token(0).offset).filter(c -> c == '\n').count();
        return new ContractException("contract text", List.of("line " + line + ": " + reason));
    }
}
