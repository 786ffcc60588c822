package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import io.helidon.http.Status;

/** Thrown for a request that is rejected before it is dispatched. Its HTTP status can differ from that of its code. */
public final class RequestRejected extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Fault fault;
    private final transient Status status;

    public RequestRejected(Code code, String message) {
        this(Status.create(code.httpStatus()), code, message);
    }

    RequestRejected(Status status, Code code, String message) {
        super(message, null, false, false);
        this.fault = Fault.unreached(code, message);
        this.status = status;
    }

    public Fault fault() {
        return fault;
    }

    public Status status() {
        return status;
    }
}
