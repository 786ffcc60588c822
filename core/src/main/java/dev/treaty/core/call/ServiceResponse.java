package dev.treaty.core.call;

import org.jspecify.annotations.Nullable;

/**
 * The response to a call: a value or a fault. Expected failures are values; only typed clients throw them as {@link
 * ServiceException}.
 */
public sealed interface ServiceResponse<T extends @Nullable Object> {
    /** How long the call took for its caller, in nanoseconds; inside the pipeline zero, or that of the attempt. */
    long latencyNanos();

    /** The headers and trailers, the instance that responded, and the number of attempts. */
    ResponseMetadata metadata();

    /** The same response with other metadata and a latency. */
    ServiceResponse<T> with(ResponseMetadata changed, long nanos);

    /** The same response with other metadata. */
    default ServiceResponse<T> with(ResponseMetadata changed) {
        return with(changed, latencyNanos());
    }

    /** The same response with a latency. */
    default ServiceResponse<T> withLatencyNanos(long nanos) {
        return with(metadata(), nanos);
    }

    /**
     * A successful response.
     *
     * @param value the result; null for {@code void} and for an absent optional
     * @param origin the service, or the kind of fallback that replaced it
     */
    record Ok<T extends @Nullable Object>(T value, Origin origin, long latencyNanos, ResponseMetadata metadata)
            implements ServiceResponse<T> {
        @Override
        public ServiceResponse<T> with(ResponseMetadata changed, long nanos) {
            return new Ok<>(value, origin, nanos, changed);
        }
    }

    /** A failed call. */
    record Failed<T extends @Nullable Object>(Fault fault, long latencyNanos, ResponseMetadata metadata)
            implements ServiceResponse<T> {
        @Override
        public ServiceResponse<T> with(ResponseMetadata changed, long nanos) {
            return new Failed<>(fault, nanos, changed);
        }
    }

    /** A successful response of the service itself. */
    static <T extends @Nullable Object> ServiceResponse<T> ok(T value) {
        return ok(value, Origin.SERVICE);
    }

    /** A successful response of a fallback. */
    static <T extends @Nullable Object> ServiceResponse<T> ok(T value, Origin origin) {
        return new Ok<>(value, origin, 0, ResponseMetadata.NONE);
    }

    /** A failed call. */
    static <T extends @Nullable Object> ServiceResponse<T> failed(Fault fault) {
        return new Failed<>(fault, 0, ResponseMetadata.NONE);
    }

    /** A failed call whose request may have run. */
    static <T extends @Nullable Object> ServiceResponse<T> failed(Code code, String message) {
        return failed(Fault.of(code, message));
    }

    /** Returns true if there is a value, of the service or of a fallback. */
    default boolean succeeded() {
        return this instanceof Ok;
    }

    /** The headers of the response, which the handler has set. */
    default Headers headers() {
        return metadata().headers();
    }

    /** The trailers of the response, which the handler has set. */
    default Headers trailers() {
        return metadata().trailers();
    }

    /** The same response with more headers, in place of those with the same names: for filters on a server. */
    default ServiceResponse<T> withHeaders(Headers more) {
        return with(metadata().headers(headers().with(more)));
    }

    /** The same response with more trailers, in place of those with the same names: for filters on a server. */
    default ServiceResponse<T> withTrailers(Headers more) {
        return with(metadata().trailers(trailers().with(more)));
    }

    /**
     * Returns the value.
     *
     * @throws ServiceException if the call failed
     */
    default T orThrow() {
        return switch (this) {
            case Ok<T> ok -> ok.value();
            case Failed<T> failed -> throw new ServiceException(failed);
        };
    }
}
