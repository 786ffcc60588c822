package dev.treaty.core.call;

import dev.treaty.core.contract.ContractException;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Implements a contract's interface for clients: each method call becomes a {@link Call} to a handler. Faults are
 * thrown as {@link ServiceException}.
 */
public final class ServiceProxy implements InvocationHandler {
    /** Where the response of the last call goes. */
    private static final ScopedValue<AtomicReference<@Nullable ServiceResponse<?>>> RESPONSE =
            ScopedValue.newInstance();

    private final ServiceName service;
    private final Handler handler;
    private final Supplier<CallContext> contexts;
    private final Map<Method, Operation> operations = new HashMap<>();

    private ServiceProxy(ServiceContract contract, Class<?> type, Handler handler, Supplier<CallContext> contexts) {
        this.service = contract.name();
        this.handler = handler;
        this.contexts = contexts;
        for (Method method : type.getMethods()) {
            contract.operation(method.getName()).ifPresent(o -> operations.put(method, o));
        }
    }

    /**
     * Returns a client.
     *
     * @param contract the contract that {@link ServiceContract#of(Class)} has read from {@code type}
     * @param handler the client's pipeline
     * @param contexts returns the context of each new call
     */
    public static <T> T of(Class<T> type, ServiceContract contract, Handler handler, Supplier<CallContext> contexts) {
        var proxy = new ServiceProxy(contract, type, handler, contexts);
        try {
            return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, proxy));
        } catch (IllegalArgumentException e) {
            throw new ContractException(
                    "contract " + type.getName(),
                    List.of("no client can be made of it: make the interface public and export or open its package"
                            + " (" + e.getMessage() + ")"));
        }
    }

    /**
     * Calls a typed client and returns the whole response instead of the value.
     *
     * @param body makes one call on its own thread; of several, the last one counts
     * @return what the body returns, with the metadata of the call, or the fault of a {@link ServiceException} that it
     *     throws
     */
    public static <T extends @Nullable Object, X extends Throwable> ServiceResponse<T> respond(
            ScopedValue.CallableOp<T, X> body) throws X {
        var last = new AtomicReference<@Nullable ServiceResponse<?>>();
        T value;
        try {
            value = ScopedValue.where(RESPONSE, last).call(body);
        } catch (ServiceException e) {
            ServiceResponse.Failed<?> failed = e.response();
            return new ServiceResponse.Failed<>(failed.fault(), failed.latencyNanos(), failed.metadata());
        }
        return last.get() instanceof ServiceResponse.Ok<?> ok
                ? new ServiceResponse.Ok<>(value, ok.origin(), ok.latencyNanos(), ok.metadata())
                : ServiceResponse.ok(value);
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        Operation operation = operations.get(method);
        if (operation == null) {
            return invokeOther(proxy, method, arguments);
        }
        List<? extends @Nullable Object> values = arguments == null ? List.of() : Arrays.asList(arguments);
        try {
            CallContext context = contexts.get();
            ServiceResponse<?> response = handler.handle(new Call(service, operation, values, context));
            boolean wanted = RESPONSE.isBound();
            if (wanted || !response.succeeded()) {
                response = response.with(response.metadata().of(context));
            }
            if (wanted) {
                RESPONSE.get().set(response);
            }
            Object result = response.orThrow();
            return result == null && method.getReturnType() == Optional.class ? Optional.empty() : result;
        } catch (InterruptedException e) {
            if (Arrays.asList(method.getExceptionTypes()).contains(InterruptedException.class)) {
                throw e;
            }
            Thread.currentThread().interrupt();
            throw ServiceException.withoutTrace(Fault.of(Code.CANCELED, "the calling thread was interrupted"), e);
        }
    }

    @SuppressWarnings("ReferenceEquality") // a client equals only itself
    private @Nullable Object invokeOther(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
            throws Throwable {
        if (method.isDefault()) {
            return InvocationHandler.invokeDefault(proxy, method, arguments);
        }
        return switch (method.getName()) {
            case "equals" -> arguments != null && proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            default -> "client of " + service;
        };
    }
}
