package dev.treaty.codec.json;

import dev.treaty.codec.MessageException;
import tools.jackson.core.JsonGenerator;

/** Generates the JSON of a message, and adds the path of the current field to error messages. */
public record MessageWriter(JsonGenerator generator) {
    /** An exception about the value that would be written next. */
    public MessageException reject(String sentence) {
        return new MessageException(MessageReader.path(generator.streamWriteContext(), null, true) + " " + sentence);
    }

    /** An exception about a field of the current object, whose name has not been written yet. */
    MessageException reject(String field, String sentence) {
        var context = generator.streamWriteContext();
        return new MessageException(MessageReader.path(context.getParent(), field, false) + " " + sentence);
    }
}
