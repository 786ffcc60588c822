package dev.treaty.pipeline;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;

/**
 * A filter of the application: runs in the context of the call, and what it throws fails the call. Errors pass, as do
 * interrupts.
 *
 * @param events receives what it throws, for the log
 */
public record UserFilter(String name, Filter filter, Events events) implements Filter {
    @Override
    public ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException {
        try {
            ServiceResponse<?> response = call.context().run(() -> filter.handle(call, next));
            return response != null ? response : failed(call, new NullPointerException("it returned null"));
        } catch (InterruptedException e) {
            throw e;
        } catch (ServiceException e) {
            return ServiceResponse.failed(e.fault().ran());
        } catch (Exception e) {
            return failed(call, e);
        }
    }

    private ServiceResponse<?> failed(Call call, Exception cause) {
        String message = "the filter \"" + name + "\" failed";
        events.emit(new Event.HandlerFailed(call, new IllegalStateException(message, cause)));
        return ServiceResponse.failed(Code.INTERNAL, message + " for " + call.path());
    }
}
