package dev.treaty.core.call;

import java.util.function.UnaryOperator;

/**
 * Wraps a handler: it may look at the call, change it, pass it on once, again or not at all, and look at the answer.
 * Filters and handlers are the only composition in Treaty, on both sides.
 */
@FunctionalInterface
public interface Filter {
    /**
     * Answers, with the help of {@code next} where it likes.
     *
     * @throws InterruptedException where the caller gave up
     */
    ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException;

    /** This filter around that handler, as one handler. Pipelines are built once, so a call allocates none of it. */
    default Handler around(Handler next) {
        return call -> handle(call, next);
    }

    /**
     * Creates a filter from a function that wraps handlers. A call through it has one stack element for the filter
     * instead of two.
     */
    static Filter wrapping(UnaryOperator<Handler> wrap) {
        return new Filter() {
            @Override
            public ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException {
                return wrap.apply(next).handle(call);
            }

            @Override
            public Handler around(Handler next) {
                return wrap.apply(next);
            }
        };
    }
}
