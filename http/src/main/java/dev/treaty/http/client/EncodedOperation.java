package dev.treaty.http.client;

import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.OutputBuffer;
import dev.treaty.core.call.Call;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** What calls of one operation have in common: the codec and the request line, ready as bytes. */
public record EncodedOperation(ServiceName service, JsonCodec codec, OutputBuffer requestLine) {
    private static EncodedOperation of(ServiceName service, Operation operation) {
        var line = new OutputBuffer()
                .add(("POST /" + service + "/" + operation.name() + " HTTP/1.1\r\n").getBytes(StandardCharsets.UTF_8));
        return new EncodedOperation(service, new JsonCodec(service, operation), line);
    }

    /** Whether that may be the name of an operation, which becomes a part of the request line as it is. */
    static boolean isName(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!Character.isLetterOrDigit(c) && c != '_' && c != '$' && c != '-' && c != '.') {
                return false;
            }
        }
        return !name.isEmpty();
    }

    /**
     * The routes of a transport. They are found by the identity of the operation: it is the same object for every call,
     * and comparing whole shapes would cost more than the call.
     */
    public static final class Table {
        /** The most operations that are remembered; beyond it the table starts anew. */
        static final int ROUTES_MAX = 4_096;

        private final ReentrantLock lock = new ReentrantLock();

        /** Never changed once it can be seen, so that it is read without the lock. */
        private volatile IdentityHashMap<Operation, EncodedOperation> routes = new IdentityHashMap<>();

        /** The route of a call. */
        EncodedOperation of(Call call) {
            EncodedOperation known = routes.get(call.operation());
            if (known != null && known.service.equals(call.service())) {
                return known;
            }
            EncodedOperation made = EncodedOperation.of(call.service(), call.operation());
            if (known == null && !call.operation().signature().dynamic()) {
                remember(call.operation(), made);
            }
            return made;
        }

        private void remember(Operation operation, EncodedOperation route) {
            lock.lock();
            try {
                var more = routes.size() < ROUTES_MAX
                        ? new IdentityHashMap<>(routes)
                        : new IdentityHashMap<Operation, EncodedOperation>();
                more.put(operation, route);
                routes = more;
            } finally {
                lock.unlock();
            }
        }
    }
}
