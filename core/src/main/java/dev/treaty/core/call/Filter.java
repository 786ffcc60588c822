package dev.treaty.core.call;

import java.util.function.UnaryOperator;

/**
 * Wraps a handler: it may read and change the call, pass it to the next handler once, repeatedly or not at all, and
 * read and change the response. Clients and servers are composed of filters and handlers only.
 */
@FunctionalInterface
public interface Filter {
    /**
     * Returns the response to a call, usually that of {@code next}.
     *
     * @throws InterruptedException if the caller canceled the call
     */
    ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException;

    /** Returns a handler that applies this filter to another handler. */
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
