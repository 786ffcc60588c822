package dev.treaty.core.call;

import dev.treaty.core.contract.ContractException;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls the methods of a service's implementation, with the context of the {@link Call} bound to the thread. A {@link
 * ServiceException} becomes its fault. The response has the headers and trailers that the method has added to the
 * context; those that it adds after it has returned are ignored. Any other exception becomes {@link Code#INTERNAL}
 * without its text, and is passed to a listener for the log.
 */
public final class Dispatcher implements Handler {
    private final Map<String, MethodHandle> methods = new HashMap<>();
    private final BiConsumer<Call, Throwable> internalErrors;

    private Dispatcher(BiConsumer<Call, Throwable> internalErrors) {
        this.internalErrors = internalErrors;
    }

    /**
     * Returns a handler that calls an implementation.
     *
     * @param contract the contract that {@link ServiceContract#of(Class)} has read from {@code type}
     * @param internalErrors receives every exception that is not a {@link ServiceException}
     */
    public static <T> Dispatcher of(
            Class<T> type, ServiceContract contract, T implementation, BiConsumer<Call, Throwable> internalErrors) {
        var dispatcher = new Dispatcher(internalErrors);
        Arrays.stream(type.getMethods())
                .filter(method -> Modifier.isAbstract(method.getModifiers()))
                .filter(method -> contract.operation(method.getName()).isPresent())
                .forEach(method -> dispatcher.methods.put(method.getName(), handle(method, implementation)));
        return dispatcher;
    }

    private static MethodHandle handle(Method method, Object implementation) {
        try {
            method.setAccessible(true);
            MethodHandle handle = MethodHandles.lookup().unreflect(method).bindTo(implementation);
            return handle.asSpreader(Object[].class, method.getParameterCount())
                    .asType(MethodType.methodType(Object.class, Object[].class));
        } catch (IllegalAccessException | RuntimeException e) {
            throw new ContractException(
                    "contract " + method.getDeclaringClass().getName(),
                    List.of("its methods cannot be called: make the interface public and export or open its package"
                            + " to dev.treaty.core (" + e.getMessage() + ")"));
        }
    }

    @Override
    public ServiceResponse<?> handle(Call call) throws InterruptedException {
        Operation operation = call.operation();
        MethodHandle method = methods.get(operation.name());
        if (method == null) {
            return ServiceResponse.failed(
                    Fault.unreached(Code.UNIMPLEMENTED, call.service() + " has no operation " + operation.name()));
        }
        try {
            Object[] arguments = call.arguments().toArray();
            Object result = call.context().run(() -> invoke(method, arguments));
            return new ServiceResponse.Ok<>(result, Origin.SERVICE, 0, responded(call));
        } catch (InterruptedException e) {
            throw e;
        } catch (ServiceException e) {
            return new ServiceResponse.Failed<>(e.fault().ran(), 0, responded(call));
        } catch (Throwable e) {
            report(call, e);
            if (e instanceof VirtualMachineError error && !(e instanceof StackOverflowError)) {
                throw error;
            }
            Fault fault = Fault.of(Code.INTERNAL, "internal error handling " + call.path());
            return new ServiceResponse.Failed<>(fault, 0, responded(call));
        }
    }

    private static ResponseMetadata responded(Call call) {
        return call.context().record().responded();
    }

    private void report(Call call, Throwable failure) {
        try {
            internalErrors.accept(call, failure);
        } catch (Throwable e) { // of the listener, which decides no call
            BackgroundThread.report("listener of " + call.path(), Events.NONE, e);
        }
    }

    private static @Nullable Object invoke(MethodHandle method, @Nullable Object[] arguments) throws Throwable {
        return (Object) method.invokeExact(arguments);
    }
}
