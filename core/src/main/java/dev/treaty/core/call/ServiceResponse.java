package dev.treaty.core.call;

import org.jspecify.annotations.Nullable;

/**
 * The response to a call: a value or a fault. Expected failures are values; only typed clients throw them as {@link
 * ServiceException}.
 */
public sealed interface ServiceResponse<T extends @Nullable Object> {
    /** How long the call took for its caller, in nanoseconds; zero inside the pipeline. */
    long latencyNanos();

    /** The same response with a latency. */
    ServiceResponse<T> withLatencyNanos(long nanos);

    /**
     * A successful response.
     *
     * @param value the result; null for {@code void} and for an absent optional
     * @param origin the service, or the kind of fallback that replaced it
     */
    record Ok<T extends @Nullable Object>(T value, Origin origin, long latencyNanos) implements ServiceResponse<T> {
        @Override
        public ServiceResponse<T> withLatencyNanos(long nanos) {
            return new Ok<>(value, origin, nanos);
        }
    }

    /** A failed call. */
    record Failed<T extends @Nullable Object>(Fault fault, long latencyNanos) implements ServiceResponse<T> {
        @Override
        public ServiceResponse<T> withLatencyNanos(long nanos) {
            return new Failed<>(fault, nanos);
        }
    }

    /** A successful response of the service itself. */
    static <T extends @Nullable Object> ServiceResponse<T> ok(T value) {
        return new Ok<>(value, Origin.SERVICE, 0);
    }

    /** A successful response of a fallback. */
    static <T extends @Nullable Object> ServiceResponse<T> ok(T value, Origin origin) {
        return new Ok<>(value, origin, 0);
    }

    /** A failed call. */
    static <T extends @Nullable Object> ServiceResponse<T> failed(Fault fault) {
        return new Failed<>(fault, 0);
    }

    /** A failed call whose request may have run. */
    static <T extends @Nullable Object> ServiceResponse<T> failed(Code code, String message) {
        return new Failed<>(Fault.of(code, message), 0);
    }

    /** Returns true if there is a value, of the service or of a fallback. */
    default boolean succeeded() {
        return this instanceof Ok;
    }

    /**
     * Returns the value.
     *
     * @throws ServiceException if the call failed
     */
    default T orThrow() {
        return switch (this) {
            case Ok<T>(var value, var _, var _) -> value;
            case Failed<T>(var fault, var _) -> throw new ServiceException(fault);
        };
    }
}
