package dev.treaty.codec;

/** Thrown for a message that does not match its contract; the message is one sentence that names the field. */
public final class MessageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param sentence what is wrong */
    public MessageException(String sentence) {
        super(sentence, null, false, false); // without a stack trace: the cause is a peer's message, not this code
    }

    /** What is wrong. */
    public String sentence() {
        return String.valueOf(getMessage());
    }
}
