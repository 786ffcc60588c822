package dev.treaty.http.client;

import dev.treaty.core.call.Code;
import java.io.IOException;

/** A response that is not valid HTTP, or exceeds a limit; the connection cannot be used again. */
final class MalformedResponse extends IOException {
    private static final long serialVersionUID = 1;

    private final Code code;

    /** @param problem completes the sentence "the answer of … is malformed: …" */
    MalformedResponse(String problem) {
        this(Code.INTERNAL, "is malformed: " + problem);
    }

    private MalformedResponse(Code code, String message) {
        super(message);
        this.code = code;
    }

    static MalformedResponse tooLarge(int bytesMax) {
        return new MalformedResponse(Code.RESOURCE_EXHAUSTED, "is larger than the limit of " + bytesMax + " bytes");
    }

    Code code() {
        return code;
    }
}
