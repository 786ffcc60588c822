package dev.treaty.microprofile;

import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Intercepted;
import jakarta.enterprise.inject.spi.Bean;
import jakarta.enterprise.inject.spi.BeanManager;
import jakarta.inject.Inject;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;
import java.util.Optional;

/** Intercepts every annotation of the specification. */
@Interceptor
@Guarded
@Priority(Interceptor.Priority.PLATFORM_AFTER)
public class FaultToleranceInterceptor {
    private final Bean<?> bean;
    private final FaultToleranceExtension extension;

    /** Created by the container for each instance of a bean. */
    @Inject
    public FaultToleranceInterceptor(@Intercepted Bean<?> bean, BeanManager container) {
        this.bean = bean;
        extension = container.getExtension(FaultToleranceExtension.class);
    }

    /** Calls the method behind the guards of its annotations. */
    @AroundInvoke
    public Object around(InvocationContext call) throws Exception {
        Optional<GuardedMethod> method = extension.method(bean.getBeanClass(), call.getMethod());
        return method.isPresent() ? method.get().call(call) : call.proceed();
    }
}
