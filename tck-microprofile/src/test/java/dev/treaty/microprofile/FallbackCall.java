package dev.treaty.microprofile;

import jakarta.enterprise.inject.spi.CDI;
import jakarta.enterprise.inject.spi.Unmanaged;
import jakarta.interceptor.InvocationContext;
import java.lang.invoke.MethodType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Optional;
import org.eclipse.microprofile.faulttolerance.ExecutionContext;
import org.eclipse.microprofile.faulttolerance.Fallback;
import org.eclipse.microprofile.faulttolerance.FallbackHandler;
import org.eclipse.microprofile.faulttolerance.exceptions.FaultToleranceDefinitionException;
import org.jspecify.annotations.Nullable;

/** A fallback: calls a handler, or another method of the bean. */
@FunctionalInterface
interface FallbackCall {

    @Nullable
    Object call(InvocationContext context, @Nullable Throwable failure) throws Exception;

    /**
     * Returns the fallback of an annotation.
     *
     * @throws FaultToleranceDefinitionException if there is no such fallback, or its result has another type
     */
    static FallbackCall of(Settings found, Class<?> bean, Method method) {
        var handler = (Class<?>) found.value("value");
        String name = (String) found.value("fallbackMethod");
        boolean handled = handler != Fallback.DEFAULT.class;
        if (handled == !name.isEmpty()) {
            throw new FaultToleranceDefinitionException(
                    method + ": name a handler or a method as the fallback, and not both");
        }
        if (handled) {
            check(handler, method);
            return (context, failure) -> handle(handler.asSubclass(FallbackHandler.class), context, failure);
        }
        Method other = Lookup.method(name, bean, method)
                .orElseThrow(() -> new FaultToleranceDefinitionException(
                        method + ": there is no method " + name + " with the same parameters and result"));
        other.setAccessible(true);
        return (context, failure) -> {
            try {
                return other.invoke(context.getTarget(), context.getParameters());
            } catch (InvocationTargetException e) {
                if (e.getCause() instanceof Exception cause) {
                    throw cause;
                }
                throw e;
            }
        };
    }

    private static void check(Class<?> handler, Method method) {
        Optional<Type> answers = Arrays.stream(handler.getGenericInterfaces())
                .filter(type -> type instanceof ParameterizedType parameterized
                        && parameterized.getRawType() == FallbackHandler.class)
                .map(type -> ((ParameterizedType) type).getActualTypeArguments()[0])
                .findFirst();
        Type wanted = method.getReturnType().isPrimitive()
                ? MethodType.methodType(method.getReturnType()).wrap().returnType()
                : method.getGenericReturnType();
        if (answers.isPresent() && !answers.get().equals(wanted)) {
            throw new FaultToleranceDefinitionException(
                    method + ": " + handler + " answers " + answers.get().getTypeName());
        }
    }

    @SuppressWarnings({"rawtypes", "unchecked"}) // the result of the handler is returned unchanged
    private static @Nullable Object handle(
            Class<? extends FallbackHandler> type, InvocationContext context, @Nullable Throwable failure) {
        Unmanaged.UnmanagedInstance<? extends FallbackHandler> instance =
                new Unmanaged<>(CDI.current().getBeanManager(), (Class<FallbackHandler>) type).newInstance();
        FallbackHandler handler = instance.produce().inject().postConstruct().get();
        try {
            return handler.handle(new Failed(context.getMethod(), context.getParameters(), failure));
        } finally {
            instance.preDestroy().dispose();
        }
    }

    /** The argument of a handler. */
    record Failed(
            Method getMethod,
            Object[] getParameters,
            @Nullable Throwable getFailure) implements ExecutionContext {}
}
