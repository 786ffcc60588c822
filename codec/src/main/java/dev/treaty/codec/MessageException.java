package dev.treaty.codec;

/** A message that does not keep its contract; the exception's message is one sentence that names the field. */
public final class MessageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public MessageException(String sentence) {
        super(sentence, null, false, false); // no stack: it is thrown for what a peer sent, not for a mistake in here
    }

    /** The same sentence with its subject before it: refusals inside a message begin with what comes after. */
    MessageException about(String subject) {
        return new MessageException(subject + sentence());
    }

    /** The sentence. */
    public String sentence() {
        return String.valueOf(getMessage());
    }
}
