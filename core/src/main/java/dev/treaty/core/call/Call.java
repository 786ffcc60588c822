package dev.treaty.core.call;

import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way.
 *
 * @param service whom it is for
 * @param operation what is asked
 * @param arguments the operation's arguments, as its {@code signature} says; an optional one may be null
 * @param context what travels with it
 */
public record Call(
        ServiceName service, Operation operation, List<? extends @Nullable Object> arguments, CallContext context) {
    /** The same call, with another context. */
    @SuppressWarnings("ReferenceEquality") // only spares an allocation
    public Call with(CallContext changed) {
        return changed == context ? this : new Call(service, operation, arguments, changed);
    }

    /** The name to show for it, such as {@code shop.Orders/get}. */
    public String path() {
        return service.value() + "/" + operation.name();
    }
}
