package dev.treaty.http.client;

import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.OutputBuffer;
import dev.treaty.core.call.Call;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;

/** The codec and the encoded request line of an operation, which all of its calls share. */
public record EncodedOperation(ServiceName service, JsonCodec codec, OutputBuffer requestLine) {
    private static EncodedOperation of(ServiceName service, Operation operation) {
        var line = new OutputBuffer()
                .add(("POST /" + service + "/" + operation.name() + " HTTP/1.1\r\n").getBytes(StandardCharsets.UTF_8));
        return new EncodedOperation(service, new JsonCodec(service, operation), line);
    }

    /** Returns true if a text can be the name of an operation, which is written into the request line as it is. */
    static boolean isName(String name) {
        return !name.isEmpty()
                && name.chars()
                        .allMatch(c -> Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '-' || c == '.');
    }

    /**
     * The encoded operations of a transport. The key is the identity of the operation: it is the same object for every
     * call, and comparing shapes would cost more than the call.
     */
    public static final class Table {
        /** The maximum number of operations; then the table is cleared. */
        private static final int OPERATIONS_MAX = 4_096;

        /** Replaced on every change, so that it is read without the lock. */
        private volatile IdentityHashMap<Operation, EncodedOperation> operations = new IdentityHashMap<>();

        EncodedOperation of(Call call) {
            EncodedOperation known = operations.get(call.operation());
            if (known != null && known.service.equals(call.service())) {
                return known;
            }
            EncodedOperation encoded = EncodedOperation.of(call.service(), call.operation());
            if (known == null && !call.operation().signature().dynamic()) {
                put(call.operation(), encoded);
            }
            return encoded;
        }

        private synchronized void put(Operation operation, EncodedOperation encoded) {
            var changed = new IdentityHashMap<Operation, EncodedOperation>();
            if (operations.size() < OPERATIONS_MAX) {
                changed.putAll(operations);
            }
            changed.put(operation, encoded);
            operations = changed;
        }
    }
}
