package dev.treaty.http.client;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.discovery.ServiceEndpoint;
import java.io.IOException;

/** A response that is not valid HTTP, or exceeds a limit; the connection cannot be used again. */
final class MalformedResponse extends IOException {
    private static final long serialVersionUID = 1;

    private final boolean tooLarge;

    /** @param problem completes the sentence "the answer of … is malformed: …" */
    MalformedResponse(String problem) {
        this("is malformed: " + problem, false);
    }

    private MalformedResponse(String message, boolean tooLarge) {
        super(message);
        this.tooLarge = tooLarge;
    }

    static MalformedResponse tooLarge(int bytesMax) {
        return new MalformedResponse("is larger than the limit of " + bytesMax + " bytes", true);
    }

    /** The fault of a call with this response; a response that is too large is so again. */
    Fault fault(ServiceEndpoint endpoint) {
        String message = "the answer of " + endpoint + " " + getMessage();
        return tooLarge ? Fault.of(Code.RESOURCE_EXHAUSTED, message).notRetryable() : Fault.of(Code.INTERNAL, message);
    }
}
