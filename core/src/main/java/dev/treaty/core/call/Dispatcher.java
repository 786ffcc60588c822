package dev.treaty.core.call;

import dev.treaty.core.contract.ContractException;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The typed edge of the server: hands each {@link Call} to the method of an implementation, with the call's context
 * bound to the thread. A {@link ServiceException} becomes its fault; any other exception becomes {@link Code#INTERNAL}
 * with nothing of its text, and goes to the listener for the log.
 */
public final class Dispatcher implements Handler {
    private final Map<String, MethodHandle> methods = new HashMap<>();
    private final BiConsumer<Call, Throwable> mistakes;

    private Dispatcher(BiConsumer<Call, Throwable> mistakes) {
        this.mistakes = mistakes;
    }

    /**
     * A handler for that implementation.
     *
     * @param contract what {@link ServiceContract#of(Class)} read from {@code type}
     * @param mistakes told of every exception that is a mistake in the service
     */
    public static <T> Dispatcher of(
            Class<T> type, ServiceContract contract, T implementation, BiConsumer<Call, Throwable> mistakes) {
        var dispatcher = new Dispatcher(mistakes);
        for (Method method : type.getMethods()) {
            if (Modifier.isAbstract(method.getModifiers())
                    && contract.operation(method.getName()).isPresent()) {
                dispatcher.methods.put(method.getName(), handle(method, implementation));
            }
        }
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
            return ServiceResponse.ok(call.context().run(() -> invoke(method, arguments)));
        } catch (InterruptedException e) {
            throw e;
        } catch (ServiceException e) {
            return ServiceResponse.failed(ran(e.fault()));
        } catch (Throwable e) {
            mistakes.accept(call, e);
            if (e instanceof VirtualMachineError error && !(e instanceof StackOverflowError)) {
                throw error;
            }
            return ServiceResponse.failed(Code.INTERNAL, "the service made a mistake handling " + call.path());
        }
    }

    /** A fault that a handler passes on from a call of its own may say that it reached nobody; this call did run. */
    private static Fault ran(Fault fault) {
        return fault.reached() ? fault : new Fault(fault.code(), fault.message(), true, fault.retryAfter());
    }

    private static @Nullable Object invoke(MethodHandle method, @Nullable Object[] arguments) throws Throwable {
        return (Object) method.invokeExact(arguments);
    }
}
