package dev.treaty.core.call;

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
}
