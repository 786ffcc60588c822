package dev.treaty.http;

import tools.jackson.core.JsonGenerator;

/** A message being written: the generator, and how to say where in it something is wrong. */
final class Output {
    final JsonGenerator generator;

    Output(JsonGenerator generator) {
        this.generator = generator;
    }

    /** A refusal of the value that would be written next. */
    MessageException refuse(String sentence) {
        return new MessageException(Input.path(generator.streamWriteContext(), null, true) + " " + sentence);
    }

    /** A refusal of a field of the object being written, whose name has not been written yet. */
    MessageException refuse(String field, String sentence) {
        var context = generator.streamWriteContext();
        return new MessageException(Input.path(context.getParent(), field, false) + " " + sentence);
    }
}
