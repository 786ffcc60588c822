package dev.treaty.core.call;

/** Returns the response to a call: implemented by transports, dispatchers and whole pipelines. */
@FunctionalInterface
public interface Handler {
    /**
     * Returns the response, blocking until there is one. Expected failures are faults in the response; an exception is
     * an internal error.
     *
     * @throws InterruptedException if the caller canceled the call; the handler has released all resources
     */
    ServiceResponse<?> handle(Call call) throws InterruptedException;
}
