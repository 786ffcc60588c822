package dev.treaty.codec;

import dev.treaty.codec.json.AnyAdapter;
import dev.treaty.codec.json.JsonAdapter;
import dev.treaty.codec.json.JsonAdapters;
import dev.treaty.codec.json.JsonFormat;
import dev.treaty.codec.json.StructureAdapter;
import dev.treaty.core.contract.Immutable;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Signature;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.ObjectWriteContext;

/**
 * Reads and writes the messages of one operation as JSON, for the Java types of its {@link Signature}. Schemas are
 * closed: a request has only fields of the contract, with exactly their types. A response may have unknown fields, so
 * that a service can add one without breaking running clients.
 *
 * <p>A codec is expensive to create: create it once per operation. It is safe for concurrent use. Errors are one
 * sentence that names the field, for example {@code request of shop.Orders/get: field "lines[0].quantity" must be a
 * whole number (int32), not a string}.
 *
 * <p>With a {@linkplain Signature#dynamic() dynamic} signature, requests are checked as strictly and read into a map;
 * written messages and responses are as in {@link Json}.
 */
public final class JsonCodec {
    private final Operation operation;
    private final String request;
    private final String response;
    private final StructureAdapter requestAdapter;
    private final JsonAdapter responseAdapter;
    private final boolean dynamic;
    private final boolean immutable;

    /** The last response, if results are immutable: the next one may be the same object. */
    private volatile @Nullable Encoded lastResponse;

    private record Encoded(Object result, OutputBuffer json) {}

    /**
     * Creates the codec of an operation.
     *
     * @throws dev.treaty.core.contract.ContractException if a record is not accessible to this module
     */
    public JsonCodec(ServiceName service, Operation operation) {
        this.operation = operation;
        this.request = "request of " + service + "/" + operation.name();
        this.response = "response of " + service + "/" + operation.name();
        this.dynamic = operation.signature().dynamic();
        this.immutable =
                operation.signature().result() instanceof Class<?> type && type.isAnnotationPresent(Immutable.class);
        Signature types = operation.signature();
        this.requestAdapter = dynamic
                ? JsonAdapters.dynamic(operation.request())
                : JsonAdapters.message(operation.request(), types.parameters());
        this.responseAdapter =
                dynamic ? AnyAdapter.ANY : JsonAdapters.message(operation.response(), List.of(types.result()));
    }

    /**
     * Writes the request for these arguments.
     *
     * @throws MessageException if the arguments do not match the contract
     */
    public void writeRequest(List<? extends @Nullable Object> arguments, OutputStream out) {
        Object message = arguments;
        if (dynamic || !operation.request().anonymous()) {
            message = arguments.isEmpty() ? Map.of() : arguments.getFirst();
        }
        write(request, requestAdapter, message, out);
    }

    /**
     * Reads a request into arguments.
     *
     * @throws MessageException if it does not match the contract
     */
    public List<@Nullable Object> readRequest(byte[] bytes, int offset, int length) {
        Object value = JsonFormat.read(request, bytes, offset, length, false, requestAdapter::read);
        if (value instanceof List<?> arguments) {
            @SuppressWarnings("unchecked")
            var several = (List<@Nullable Object>) arguments;
            return several;
        }
        return List.of(value);
    }

    /**
     * Writes the response for this result. An object of an {@link Immutable} type that several calls return in
     * succession is encoded once.
     *
     * @param result null for {@code void}, or an absent optional
     * @throws MessageException if the result does not match the contract
     */
    @SuppressWarnings("ReferenceEquality") // comparing two objects would take as long as writing one
    public void writeResponse(@Nullable Object result, OutputStream out) {
        if (!immutable || result == null) {
            encodeResponse(result, out);
            return;
        }
        Encoded encoded = lastResponse;
        if (encoded == null || encoded.result != result) {
            var json = new OutputBuffer();
            encodeResponse(result, json);
            encoded = new Encoded(result, json);
            lastResponse = encoded;
        }
        try {
            out.write(encoded.json.array(), 0, encoded.json.length());
        } catch (IOException e) {
            throw new MessageException(response + " cannot be written: " + e.getMessage());
        }
    }

    private void encodeResponse(@Nullable Object result, OutputStream out) {
        Object value = result;
        if (dynamic) {
            value = result == null ? Map.of() : result;
        } else if (operation.response().anonymous()) {
            value = Collections.singletonList(result);
        }
        write(response, responseAdapter, value, out);
    }

    /**
     * Reads a response into the result.
     *
     * @throws MessageException if it does not match the contract
     */
    public @Nullable Object readResponse(byte[] bytes, int offset, int length) {
        Object value = JsonFormat.read(response, bytes, offset, length, true, responseAdapter::read);
        if (dynamic && !(value instanceof Map)) {
            throw new MessageException(response + " must be an object");
        }
        return value instanceof List<?> results ? results.isEmpty() ? null : results.getFirst() : value;
    }

    private static void write(String subject, JsonAdapter adapter, @Nullable Object value, OutputStream out) {
        if (value == null) {
            throw new MessageException(subject + " must not be null");
        }
        JsonFormat.write(subject, ObjectWriteContext.empty(), out, output -> adapter.write(output, value));
    }
}
