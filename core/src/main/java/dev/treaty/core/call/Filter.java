package dev.treaty.core.call;

/**
 * Wraps a handler: it may read and change the call, pass it to the next handler once, repeatedly or not at all, and read
 * and change the response. Clients and servers are composed of filters and handlers only.
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
}
