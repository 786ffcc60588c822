package dev.treaty.security.token;

/** Thrown for a token or an API key that is not accepted. It has no stack trace. */
public final class InvalidTokenException extends Exception {
    private static final long serialVersionUID = 1;

    /** @param reason why, in part of a sentence, without the token; senders are not told */
    public InvalidTokenException(String reason) {
        super(reason, null, false, false);
    }

    /** Returns why it is not accepted. */
    public String reason() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
