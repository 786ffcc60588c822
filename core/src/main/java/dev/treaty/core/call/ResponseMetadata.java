package dev.treaty.core.call;

/**
 * What a response comes with, besides its value or fault.
 *
 * @param headers the headers that the handler has set
 * @param trailers the trailers that it has set
 * @param instance the id of the instance that responded; empty if none did, as for the response of a fallback
 * @param attempts how many attempts have begun, at all instances; zero inside the pipeline
 * @param traceId the id of the call's trace, 32 hexadecimal digits; empty inside the pipeline
 */
public record ResponseMetadata(Headers headers, Headers trailers, String instance, int attempts, String traceId) {
    /** That of a response with nothing but its value or fault. */
    public static final ResponseMetadata NONE = of(Headers.NONE, Headers.NONE);

    /** The metadata that a handler sends. */
    public static ResponseMetadata of(Headers headers, Headers trailers) {
        return new ResponseMetadata(headers, trailers, "", 0, "");
    }

    /** The same metadata with other headers. */
    public ResponseMetadata headers(Headers changed) {
        return new ResponseMetadata(changed, trailers, instance, attempts, traceId);
    }

    /** The same metadata with other trailers. */
    public ResponseMetadata trailers(Headers changed) {
        return new ResponseMetadata(headers, changed, instance, attempts, traceId);
    }

    /** The same metadata of a response of an instance. */
    public ResponseMetadata instance(String id) {
        return new ResponseMetadata(headers, trailers, id, attempts, traceId);
    }

    /** The same metadata with the attempts and the trace of a call that has ended. */
    public ResponseMetadata of(CallContext context) {
        return new ResponseMetadata(
                headers,
                trailers,
                instance,
                context.record().begun(),
                context.trace().id());
    }
}
