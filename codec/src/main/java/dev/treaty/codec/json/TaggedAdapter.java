package dev.treaty.codec.json;

import dev.treaty.codec.MessageException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/**
 * One of several records, told apart by a tag that the contract declares, never by a class name. The tag may stand
 * anywhere in the object: where it is not the first field, the bytes are read ahead for it.
 */
final class TaggedAdapter implements JsonAdapter {
    private final String tag;
    private final Map<String, StructureAdapter> byTag;
    private final Map<Class<?>, StructureAdapter> byClass;

    /**
     * @param tag the field that carries the tag
     * @param byTag the records
     * @param byClass the same by their Java classes; empty for callers without Java types
     */
    TaggedAdapter(String tag, Map<String, StructureAdapter> byTag, Map<Class<?>, StructureAdapter> byClass) {
        this.tag = tag;
        this.byTag = new LinkedHashMap<>(byTag);
        this.byClass = Map.copyOf(byClass);
    }

    @Override
    public String expected() {
        return "an object";
    }

    @Override
    public Object read(MessageReader in) {
        if (in.parser.currentToken() != JsonToken.START_OBJECT) {
            throw in.mismatch(expected());
        }
        long start = in.parser.currentTokenLocation().getByteOffset();
        String first = in.parser.nextName();
        if (first == null) {
            throw in.refuse(tag, "is missing");
        }
        if (first.equals(tag) && in.parser.nextToken() == JsonToken.VALUE_STRING) {
            return form(in, in.parser.getString()).readAfterTag(in);
        }
        return form(in, in.lookAhead(start, tag)).readFromName(in);
    }

    private StructureAdapter form(MessageReader in, @Nullable String value) {
        StructureAdapter form = value == null ? null : byTag.get(value);
        if (form == null) {
            String place = MessageReader.path(in.parser.streamReadContext().getParent(), tag, false);
            throw new MessageException(place + " must be one of " + String.join(", ", byTag.keySet())
                    + (value == null ? "" : ", not \"" + MessageReader.echo(value) + "\""));
        }
        return form;
    }

    @Override
    public void write(MessageWriter out, Object value) {
        StructureAdapter form = byClass.get(value.getClass());
        if (form == null) {
            AnyAdapter.ANY.write(out, value);
        } else {
            form.write(out, value);
        }
    }
}
