package dev.treaty.resilience;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.ServiceResponse.Failed;
import dev.treaty.resilience.execution.ExceptionMapping;
import dev.treaty.resilience.internal.Failure;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * Answers in place of a service that failed: with a {@linkplain #value fixed answer}, the {@linkplain #cached last good
 * one}, {@linkplain #alternative another} supplier's, or a {@linkplain #degraded degraded} one computed from the fault.
 * The {@link Origin} of the answer is the kind of fallback.
 *
 * <p>A fallback is used only if the service is to blame. It never hides a fault of the caller, such as an invalid
 * request, a missing permission, or an entity that does not exist.
 *
 * @param <T> the type of the answer
 */
@FunctionalInterface
public interface Fallback<T> {
    /** The fault of a fallback that has no answer. */
    Fault NO_ANSWER = Fault.unreached(Code.UNIMPLEMENTED, "there is no fallback for this");

    /**
     * Returns the answer to a failed call.
     *
     * @param fault why the service did not answer
     * <p>It runs in the rest of the call's time, like an attempt: by {@link TimeoutMode} it is interrupted or left
     * behind at the deadline, and the call fails. Only a {@linkplain TimeoutMode#COOPERATIVE cooperative} guard waits
     * for it.
     *
     * @return an answer with its origin; a failure with {@link Code#UNIMPLEMENTED} if there is no fallback, so that the
     *     service's own fault is returned; any other failure if the fallback failed too
     */
    ServiceResponse<T> answer(Fault fault) throws InterruptedException;

    /**
     * Receives every good answer of the service itself, at every level, so that a cache is filled when the level is
     * raised. An exception is logged and does not affect the answer.
     */
    default void succeeded(T answer) {}

    /**
     * Returns a fallback that uses the next one if this one has no answer or fails. If the next one has no answer
     * either, the failure of this one stands; if it fails too, its failure stands, in which that of this one is
     * suppressed.
     */
    default Fallback<T> or(Fallback<T> next) {
        var first = this;
        return new Fallback<>() {
            @Override
            public ServiceResponse<T> answer(Fault fault) throws InterruptedException {
                ServiceResponse<T> answer;
                RuntimeException thrown = null;
                try {
                    answer = first.answer(fault);
                } catch (RuntimeException e) {
                    thrown = e;
                    answer = ServiceResponse.failed(ExceptionMapping.of(e));
                }
                if (answer.succeeded()) {
                    return answer;
                }
                ServiceResponse<T> second;
                try {
                    second = next.answer(fault);
                } catch (RuntimeException e) {
                    if (thrown != null) {
                        Failure.suppress(e, thrown);
                    }
                    throw e;
                }
                boolean none =
                        second instanceof Failed<T>(var failure, var _, var _) && failure.code() == Code.UNIMPLEMENTED;
                if (none && thrown != null) {
                    throw thrown;
                }
                return none ? answer : second;
            }

            @Override
            public void succeeded(T answer) {
                try {
                    first.succeeded(answer);
                } finally {
                    next.succeeded(answer);
                }
            }
        };
    }

    /** Returns a fallback with a fixed answer. */
    static <T> Fallback<T> value(T answer) {
        return _ -> ServiceResponse.ok(answer, Origin.STATIC);
    }

    /** Returns a fallback with the last good answer of a key, as long as it is cached. */
    static <K, T> Fallback<T> cached(FallbackCache<K, T> cache, K key) {
        return new Fallback<>() {
            @Override
            public ServiceResponse<T> answer(Fault fault) {
                return cache.get(key)
                        .map(answer -> ServiceResponse.ok(answer, Origin.CACHED))
                        .orElseGet(() -> ServiceResponse.failed(NO_ANSWER));
            }

            @Override
            public void succeeded(T answer) {
                cache.put(key, answer);
            }
        };
    }

    /** Returns a fallback that calls another supplier or service. */
    static <T> Fallback<T> alternative(Callable<? extends T> supplier) {
        return _ -> {
            try {
                return ServiceResponse.ok(supplier.call(), Origin.ALTERNATIVE);
            } catch (InterruptedException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new CompletionException(e);
            }
        };
    }

    /** Returns a fallback that computes its answer from the fault. */
    static <T> Fallback<T> degraded(Function<Fault, ? extends T> function) {
        return fault -> ServiceResponse.ok(function.apply(fault), Origin.DEGRADED);
    }
}
