package dev.treaty.resilience;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.ServiceResponse.Failed;
import dev.treaty.resilience.execution.ExceptionMapping;
import java.util.concurrent.Callable;
import java.util.function.Function;

/**
 * Answers in place of what cannot: with a {@linkplain #value fixed answer}, the {@linkplain #cached last good one},
 * {@linkplain #alternative another} supplier's, or one {@linkplain #degraded made up} from what went wrong. The answer
 * says which kind it is by its {@link Origin}.
 *
 * <p>A fallback is asked only where the service is to blame. It never hides a fault of the caller's own: a wrong
 * request, a missing right, a thing not found.
 *
 * @param <T> what is answered; the compiler holds every kind to it
 */
@FunctionalInterface
public interface Fallback<T> {
    /** What a fallback says that has no answer. */
    Fault NO_ANSWER = Fault.unreached(Code.UNIMPLEMENTED, "there is no fallback for this");

    /**
     * Answers.
     *
     * @param fault why the service did not
     * @return an answer with its origin; a failure with {@link Code#UNIMPLEMENTED} where there is no fallback for this,
     *     so that the service's own fault stands; any other failure where the fallback failed too
     */
    ServiceResponse<T> answer(Fault fault) throws InterruptedException;

    /**
     * Told of every good answer of the service itself, at every level, so that there is something to answer with once
     * the level is raised. An exception is logged: it does not spoil the answer.
     */
    default void succeeded(T answer) {}

    /**
     * This one, or else the next, where this one has no answer or fails. Where the next one has none either, a failure
     * of this one is told.
     */
    default Fallback<T> or(Fallback<T> next) {
        var first = this;
        return new Fallback<>() {
            @Override
            public ServiceResponse<T> answer(Fault fault) throws InterruptedException {
                ServiceResponse<T> answer = answerOf(first, fault);
                if (answer.succeeded()) {
                    return answer;
                }
                ServiceResponse<T> second = next.answer(fault);
                return second instanceof Failed<T>(var none, var _) && none.code() == Code.UNIMPLEMENTED
                        ? answer
                        : second;
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

    /** What that fallback answers, an exception as a failure. */
    private static <T> ServiceResponse<T> answerOf(Fallback<T> fallback, Fault fault) throws InterruptedException {
        try {
            return fallback.answer(fault);
        } catch (RuntimeException e) {
            return ServiceResponse.failed(ExceptionMapping.of(e));
        }
    }

    /** Always that answer. */
    static <T> Fallback<T> value(T answer) {
        return _ -> ServiceResponse.ok(answer, Origin.STATIC);
    }

    /** The last good answer under that key, as long as the cache keeps it. */
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

    /** What another supplier or service answers. */
    static <T> Fallback<T> alternative(Callable<? extends T> supplier) {
        return _ -> {
            try {
                return ServiceResponse.ok(supplier.call(), Origin.ALTERNATIVE);
            } catch (InterruptedException e) {
                throw e;
            } catch (ServiceException e) {
                return ServiceResponse.failed(e.fault());
            } catch (Exception e) {
                return ServiceResponse.failed(ExceptionMapping.of(e));
            }
        };
    }

    /** An answer computed from what went wrong; the request is at hand where the function is written. */
    static <T> Fallback<T> degraded(Function<Fault, ? extends T> function) {
        return fault -> ServiceResponse.ok(function.apply(fault), Origin.DEGRADED);
    }
}
