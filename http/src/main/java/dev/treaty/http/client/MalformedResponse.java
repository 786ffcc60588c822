package dev.treaty.http.client;

import dev.treaty.core.call.Code;
import java.io.IOException;

/** A response that is not HTTP as it should be, or beyond a limit; the connection cannot be used again. */
final class MalformedResponse extends IOException {
    private static final long serialVersionUID = 1;

    private final Code code;

    /** @param what ends the sentence "the answer of … is malformed: …" */
    MalformedResponse(String what) {
        this(Code.INTERNAL, "is malformed: " + what);
    }

    private MalformedResponse(Code code, String sentence) {
        super(sentence);
        this.code = code;
    }

    static MalformedResponse tooLarge(int bytesMax) {
        return new MalformedResponse(Code.RESOURCE_EXHAUSTED, "is larger than the limit of " + bytesMax + " bytes");
    }

    Code code() {
        return code;
    }
}
