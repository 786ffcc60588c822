package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import java.util.Map;

/** Thrown for a request that is rejected before it is dispatched. Its HTTP status can differ from that of its code. */
public final class RequestRejected extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Response response;

    public RequestRejected(Code code, String message) {
        this(Fault.unreached(code, message));
    }

    /** A rejection with the HTTP status of the fault's code. */
    public RequestRejected(Fault fault) {
        this(fault.code().httpStatus(), fault, Map.of());
    }

    public RequestRejected(int status, Code code, String message) {
        this(status, code, message, Map.of());
    }

    /** @param headers further headers of the response */
    public RequestRejected(int status, Code code, String message, Map<String, String> headers) {
        this(status, Fault.unreached(code, message), headers);
    }

    private RequestRejected(int status, Fault fault, Map<String, String> headers) {
        super(fault.message(), null, false, false);
        this.response = Responses.fault(status, fault, headers);
    }

    /** What the client gets. */
    public Response response() {
        return response;
    }
}
