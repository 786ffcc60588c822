package dev.treaty.core.call;

import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request to an operation of a service, with its context.
 *
 * @param service the service to call
 * @param operation the operation to call
 * @param arguments the arguments, as in the operation's {@code signature}; optional ones may be null
 * @param context the deadline, caller, trace and other properties that are sent with the call
 */
public record Call(
        ServiceName service, Operation operation, List<? extends @Nullable Object> arguments, CallContext context) {
    /** The same call with another context. */
    @SuppressWarnings("ReferenceEquality") // only saves an allocation
    public Call with(CallContext changed) {
        return changed == context ? this : new Call(service, operation, arguments, changed);
    }

    /** The name of the operation with its service, such as {@code shop.Orders/get}. */
    public String path() {
        return service.value() + "/" + operation.name();
    }
}
