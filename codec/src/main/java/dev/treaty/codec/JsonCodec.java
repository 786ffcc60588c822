package dev.treaty.codec;

import dev.treaty.codec.json.AnyAdapter;
import dev.treaty.codec.json.JsonAdapter;
import dev.treaty.codec.json.JsonAdapters;
import dev.treaty.codec.json.JsonFormat;
import dev.treaty.codec.json.MessageReader;
import dev.treaty.codec.json.MessageWriter;
import dev.treaty.codec.json.StructureAdapter;
import dev.treaty.core.contract.Immutable;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Shape.Structure;
import dev.treaty.core.contract.Signature;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;

/**
 * The messages of one operation as JSON, for the Java types of its {@link Signature}. Schemas are closed: a request has
 * exactly the fields of the contract, of exactly their types. A response may have more fields than the caller knows,
 * so that a service can add one without breaking callers that are already running.
 *
 * <p>Everything about types is worked out when the codec is made; make it once per operation and keep it. It is safe
 * for any number of threads. What is wrong with a message is said in one sentence that names the field, for example
 * {@code request of shop.Orders/get: field "lines[0].quantity" must be a whole number (int32), not a string}.
 *
 * <p>For a {@linkplain Signature#dynamic() dynamic} signature, requests read are checked as strictly against the
 * operation's request shape and given as a map; what is written, and responses read, are as in {@link Json}.
 */
public final class JsonCodec {
    private final Operation operation;
    private final String request;
    private final String response;
    /** Made at the first use where the signature is dynamic: clients without Java types only write requests. */
    private @Nullable StructureAdapter requestForm;

    private final JsonAdapter responseForm;
    private final boolean dynamic;
    private final boolean immutable;
    /** What was written last, where results never change: many may be waiting for the same one. */
    private volatile @Nullable Written written;

    private record Written(Object result, OutputBuffer json) {}

    /**
     * Prepares the codec of an operation.
     *
     * @throws dev.treaty.core.contract.ContractException where a record cannot be reached from this module
     */
    public JsonCodec(ServiceName service, Operation operation) {
        this.operation = operation;
        this.request = "request of " + service + "/" + operation.name();
        this.response = "response of " + service + "/" + operation.name();
        this.dynamic = operation.signature().dynamic();
        this.immutable =
                operation.signature().result() instanceof Class<?> type && type.isAnnotationPresent(Immutable.class);
        this.requestForm = dynamic ? null : requestForm();
        this.responseForm = responseForm();
    }

    private StructureAdapter requestForm() {
        StructureAdapter made = requestForm; // two threads may both make it; either is as good
        if (made == null) {
            made = newRequestForm();
            requestForm = made;
        }
        return made;
    }

    private StructureAdapter newRequestForm() {
        Structure message = operation.request();
        if (dynamic) {
            return JsonAdapters.dynamic(message);
        }
        List<Type> types = operation.signature().parameters();
        return message.anonymous()
                ? JsonAdapters.fields(message, types, StructureAdapter.Loose.ARGUMENTS)
                : JsonAdapters.record(message, types.getFirst());
    }

    private JsonAdapter responseForm() {
        Structure message = operation.response();
        if (dynamic) {
            return AnyAdapter.ANY;
        }
        Type type = operation.signature().result();
        if (!message.anonymous()) {
            return JsonAdapters.record(message, type);
        }
        List<Type> types = message.fields().isEmpty() ? List.of() : List.of(type);
        return JsonAdapters.fields(message, types, StructureAdapter.Loose.RESULT);
    }

    /**
     * Writes the request for those arguments.
     *
     * @throws MessageException where the arguments do not keep the contract
     */
    public void writeRequest(List<? extends @Nullable Object> arguments, OutputStream out) {
        if (dynamic) {
            write(request, AnyAdapter.ANY, arguments.isEmpty() ? Map.of() : arguments.getFirst(), out);
        } else if (operation.request().anonymous()) {
            write(request, requestForm(), arguments, out);
        } else {
            write(request, requestForm(), arguments.getFirst(), out);
        }
    }

    /**
     * Reads a request into arguments.
     *
     * @throws MessageException where it does not keep the contract
     */
    public List<@Nullable Object> readRequest(byte[] bytes, int offset, int length) {
        Object value = read(request, requestForm(), bytes, offset, length, false);
        if (value instanceof List<?> arguments) {
            @SuppressWarnings("unchecked")
            var several = (List<@Nullable Object>) arguments;
            return several;
        }
        return List.of(value);
    }

    /**
     * Writes the response for that result. The same object of an {@link Immutable} type is encoded once, however many
     * get it one after the other.
     *
     * @param result null for nothing, or an absent optional
     * @throws MessageException where the result does not keep the contract
     */
    @SuppressWarnings("ReferenceEquality") // the same object: to compare two would take as long as to write one
    public void writeResponse(@Nullable Object result, OutputStream out) {
        if (!immutable || result == null) {
            encodeResponse(result, out);
            return;
        }
        Written known = written;
        if (known == null || known.result != result) {
            var json = new OutputBuffer();
            encodeResponse(result, json);
            known = new Written(result, json);
            written = known;
        }
        try {
            out.write(known.json.array(), 0, known.json.length());
        } catch (IOException e) {
            throw new MessageException(response + " cannot be written: " + e.getMessage());
        }
    }

    private void encodeResponse(@Nullable Object result, OutputStream out) {
        Object value;
        if (dynamic) {
            value = result == null ? Map.of() : result;
        } else {
            value = operation.response().anonymous() ? new StructureAdapter.Result(result) : result;
        }
        write(response, responseForm, value, out);
    }

    /**
     * Reads a response into the result.
     *
     * @throws MessageException where it does not keep the contract
     */
    public @Nullable Object readResponse(byte[] bytes, int offset, int length) {
        Object value = read(response, responseForm, bytes, offset, length, true);
        if (value instanceof StructureAdapter.Result(var result)) {
            return result;
        }
        if (dynamic && !(value instanceof Map)) {
            throw new MessageException(response + " must be an object");
        }
        return value;
    }

    private static Object read(
            String subject, JsonAdapter form, byte[] bytes, int offset, int length, boolean lenient) {
        try (JsonParser parser = JsonFormat.parser(bytes, offset, length)) {
            JsonFormat.first(parser);
            Object value = form.read(new MessageReader(parser, bytes, offset, length, lenient));
            JsonFormat.last(parser);
            return value;
        } catch (MessageException e) {
            throw e.about(subject);
        } catch (JacksonException e) {
            throw JsonFormat.malformed(e).about(subject);
        }
    }

    private static void write(String subject, JsonAdapter form, @Nullable Object value, OutputStream out) {
        if (value == null) {
            throw new MessageException(subject + " must not be null");
        }
        try (JsonGenerator generator = JsonFormat.generator(out)) {
            var output = new MessageWriter(generator);
            try {
                form.write(output, value);
            } catch (ClassCastException e) {
                throw output.refuse("is not of the type that the contract says");
            }
        } catch (MessageException e) {
            throw e.about(subject);
        } catch (JacksonException e) {
            throw JsonFormat.unwritable(e).about(subject);
        }
    }
}
