package dev.treaty.core.call;

/** Answers a call: a transport, a dispatcher, a whole pipeline. */
@FunctionalInterface
public interface Handler {
    /**
     * Answers, blocking until it can. Expected failures are faults in the response; an exception is a mistake.
     *
     * @throws InterruptedException where the caller gave up; the handler leaves nothing behind
     */
    ServiceResponse<?> handle(Call call) throws InterruptedException;
}
