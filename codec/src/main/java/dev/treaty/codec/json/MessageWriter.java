package dev.treaty.codec.json;

import dev.treaty.codec.MessageException;
import tools.jackson.core.JsonGenerator;

/** A message being written: the generator, and how to say where in it something is wrong. */
public final class MessageWriter {
    final JsonGenerator generator;

    public MessageWriter(JsonGenerator generator) {
        this.generator = generator;
    }

    /** A refusal of the value that would be written next. */
    public MessageException refuse(String sentence) {
        return new MessageException(MessageReader.path(generator.streamWriteContext(), null, true) + " " + sentence);
    }

    /** A refusal of a field of the object being written, whose name has not been written yet. */
    MessageException refuse(String field, String sentence) {
        var context = generator.streamWriteContext();
        return new MessageException(MessageReader.path(context.getParent(), field, false) + " " + sentence);
    }
}
