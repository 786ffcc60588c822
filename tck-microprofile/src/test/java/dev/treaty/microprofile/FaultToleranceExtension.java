package dev.treaty.microprofile;

import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.spi.AfterDeploymentValidation;
import jakarta.enterprise.inject.spi.AnnotatedMethod;
import jakarta.enterprise.inject.spi.AnnotatedType;
import jakarta.enterprise.inject.spi.BeforeBeanDiscovery;
import jakarta.enterprise.inject.spi.Extension;
import jakarta.enterprise.inject.spi.ProcessManagedBean;
import jakarta.enterprise.util.AnnotationLiteral;
import jakarta.interceptor.Interceptor;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.faulttolerance.exceptions.FaultToleranceDefinitionException;

/**
 * Finds the annotated methods while the container starts, reports invalid annotations, and keeps the state of each
 * method for the lifetime of the deployment: the specification has one breaker and one bulkhead for all instances of a
 * bean.
 */
public final class FaultToleranceExtension implements Extension {
    private static final int PRIORITY = Interceptor.Priority.PLATFORM_AFTER + 10;
    private static final String PRIORITY_KEY = "mp.fault.tolerance.interceptor.priority";

    private record Key(Class<?> bean, Method method) {}

    private final Map<Key, GuardedMethod> methods = new ConcurrentHashMap<>();
    private final List<FaultToleranceDefinitionException> problems = new ArrayList<>();

    void bind(@Observes BeforeBeanDiscovery discovery) {
        for (Class<? extends Annotation> annotation : Settings.ANNOTATIONS) {
            discovery.configureInterceptorBinding(annotation).add(Guarded.Literal.INSTANCE);
        }
        int priority = ConfigProvider.getConfig()
                .getOptionalValue(PRIORITY_KEY, Integer.class)
                .orElse(PRIORITY);
        discovery
                .addAnnotatedType(FaultToleranceInterceptor.class, FaultToleranceInterceptor.class.getName())
                .remove(annotation -> annotation instanceof Priority)
                .add(new Order(priority));
    }

    void validate(@Observes ProcessManagedBean<?> bean) {
        AnnotatedType<?> type = bean.getAnnotatedBeanClass();
        for (AnnotatedMethod<?> method : type.getMethods()) {
            Method member = method.getJavaMember();
            if (!member.isBridge() && !member.isSynthetic() && Settings.annotated(type.getJavaClass(), member)) {
                try {
                    GuardedMethod.of(type.getJavaClass(), member);
                } catch (FaultToleranceDefinitionException e) {
                    problems.add(e);
                }
            }
        }
    }

    void report(@Observes AfterDeploymentValidation validation) {
        problems.forEach(validation::addDeploymentProblem);
    }

    /** Returns the state of a method; empty if all its annotations are disabled. */
    Optional<GuardedMethod> method(Class<?> bean, Method method) {
        return Optional.of(methods.computeIfAbsent(new Key(bean, method), key -> GuardedMethod.of(bean, method)))
                .filter(GuardedMethod::isGuarded);
    }

    private static final class Order extends AnnotationLiteral<Priority> implements Priority {
        private static final long serialVersionUID = 1;
        private final int value;

        Order(int value) {
            this.value = value;
        }

        @Override
        public int value() {
            return value;
        }
    }
}
