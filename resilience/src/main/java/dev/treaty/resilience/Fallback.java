package dev.treaty.resilience;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;

/**
 * Answers in place of a service that cannot. It stands outside the limits, so that a call refused by one can still be
 * answered, and it never hides a fault that is the caller's own: a wrong request, a missing right, a thing not found.
 */
public final class Fallback implements Filter {
    private final Policies policies;
    private final Origin origin;
    private final Handler answer;
    private final Events events;

    /**
     * A fallback.
     *
     * @param origin what kind it is; the response says so
     * @param answer gives the answer; where it fails with {@link Code#UNIMPLEMENTED}, there is no fallback for that
     *     operation, and the service's own fault stands
     */
    public Fallback(Policies policies, Origin origin, Handler answer, Events events) {
        this.policies = policies;
        this.origin = origin;
        this.answer = answer;
        this.events = events;
    }

    @Override
    public ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException {
        ServiceResponse<?> response = next.handle(call);
        if (!(response instanceof ServiceResponse.Failed<?>(var fault, var _))
                || !fault.code().blamesService()
                || !policies.of(call.operation()).level().includes(IsolationLevel.ENHANCED)) {
            return response;
        }
        return instead(call, fault, response);
    }

    private ServiceResponse<?> instead(Call call, Fault fault, ServiceResponse<?> response)
            throws InterruptedException {
        return switch (answer.handle(call)) {
            case ServiceResponse.Ok<?>(var value, var _, var _) -> {
                events.emit(new Event.FallbackServed(call, fault, origin));
                yield ServiceResponse.ok(value, origin);
            }
            case ServiceResponse.Failed<?>(var second, var _) ->
                second.code() == Code.UNIMPLEMENTED
                        ? response
                        : ServiceResponse.failed(new Fault(
                                fault.code(),
                                fault.message() + "; the fallback failed too: " + second.message(),
                                fault.reached(),
                                fault.retryAfter()));
        };
    }
}
