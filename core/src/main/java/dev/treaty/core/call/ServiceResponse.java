package dev.treaty.core.call;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a call: a value or a fault. Expected failures are values here; only the typed client turns them into
 * {@link ServiceException}.
 */
public sealed interface ServiceResponse<T extends @Nullable Object> {
    /** How long the call took for its caller, in nanoseconds; zero inside the pipeline, where it is not over yet. */
    long latencyNanos();

    /** The same answer, with its latency. */
    ServiceResponse<T> withLatencyNanos(long nanos);

    /**
     * A value.
     *
     * @param value null where the operation returns nothing or an absent optional
     * @param origin the service, or the fallback that answered for it
     */
    record Ok<T extends @Nullable Object>(T value, Origin origin, long latencyNanos) implements ServiceResponse<T> {
        @Override
        public ServiceResponse<T> withLatencyNanos(long nanos) {
            return new Ok<>(value, origin, nanos);
        }
    }

    /** A fault. */
    record Failed<T extends @Nullable Object>(Fault fault, long latencyNanos) implements ServiceResponse<T> {
        @Override
        public ServiceResponse<T> withLatencyNanos(long nanos) {
            return new Failed<>(fault, nanos);
        }
    }

    /** An answer of the service itself. */
    static <T extends @Nullable Object> ServiceResponse<T> ok(T value) {
        return new Ok<>(value, Origin.SERVICE, 0);
    }

    /** An answer given by a fallback. */
    static <T extends @Nullable Object> ServiceResponse<T> ok(T value, Origin origin) {
        return new Ok<>(value, origin, 0);
    }

    /** A failure. */
    static <T extends @Nullable Object> ServiceResponse<T> failed(Fault fault) {
        return new Failed<>(fault, 0);
    }

    /** A failure of a request that may have run. */
    static <T extends @Nullable Object> ServiceResponse<T> failed(Code code, String message) {
        return new Failed<>(Fault.of(code, message), 0);
    }

    /** How long the call took for its caller. */
    default Duration latency() {
        return Duration.ofNanos(latencyNanos());
    }

    /** True where there is a value, whoever gave it. */
    default boolean succeeded() {
        return this instanceof Ok;
    }

    /**
     * The value.
     *
     * @throws ServiceException where the call failed
     */
    default T orThrow() {
        return switch (this) {
            case Ok<T>(var value, var _, var _) -> value;
            case Failed<T>(var fault, var _) -> throw new ServiceException(fault);
        };
    }
}
