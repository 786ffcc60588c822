package dev.treaty.codec.json;

import dev.treaty.codec.MessageException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/**
 * Reads and writes one of several records, which a tag from the contract identifies, never a class name. The tag may be
 * any field of the object: if it is not the first one, the bytes ahead are searched for it.
 *
 * @param tag the field that has the tag
 * @param byTag the adapters of the records
 * @param byClass the same by Java class
 */
record TaggedAdapter(String tag, Map<String, StructureAdapter> byTag, Map<Class<?>, StructureAdapter> byClass)
        implements JsonAdapter {
    @Override
    public String expected() {
        return "an object";
    }

    @Override
    public Object read(MessageReader in) {
        in.expect(JsonToken.START_OBJECT, this);
        long start = in.parser().currentTokenLocation().getByteOffset();
        String first = in.parser().nextName();
        if (first == null) {
            throw in.reject(tag, "is missing");
        }
        if (first.equals(tag) && in.parser().nextToken() == JsonToken.VALUE_STRING) {
            return adapter(in, in.parser().getString()).readAfterTag(in);
        }
        return adapter(in, in.lookAhead(start, tag)).readFromName(in);
    }

    private StructureAdapter adapter(MessageReader in, @Nullable String value) {
        StructureAdapter adapter = value == null ? null : byTag.get(value);
        if (adapter == null) {
            String place = MessageReader.path(in.parser().streamReadContext().getParent(), tag, false);
            throw new MessageException(place + " must be one of " + String.join(", ", byTag.keySet())
                    + (value == null ? "" : ", not \"" + MessageReader.echo(value) + "\""));
        }
        return adapter;
    }

    @Override
    public void write(MessageWriter out, Object value) {
        JsonAdapter adapter = byClass.get(value.getClass());
        (adapter == null ? AnyAdapter.ANY : adapter).write(out, value);
    }
}
