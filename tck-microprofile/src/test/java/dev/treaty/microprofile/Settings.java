package dev.treaty.microprofile;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.faulttolerance.Asynchronous;
import org.eclipse.microprofile.faulttolerance.Bulkhead;
import org.eclipse.microprofile.faulttolerance.CircuitBreaker;
import org.eclipse.microprofile.faulttolerance.Fallback;
import org.eclipse.microprofile.faulttolerance.Retry;
import org.eclipse.microprofile.faulttolerance.Timeout;
import org.eclipse.microprofile.faulttolerance.exceptions.FaultToleranceDefinitionException;

/**
 * The members of one annotation, unless configuration overrides them: for the method if the annotation is on it,
 * otherwise for the class, and last for all.
 *
 * @param keys the prefixes of a member's keys, the strongest first
 */
record Settings(Annotation annotation, List<String> keys) {
    static final List<Class<? extends Annotation>> ANNOTATIONS = List.of(
            Asynchronous.class, Bulkhead.class, CircuitBreaker.class, Fallback.class, Retry.class, Timeout.class);

    private static final String ALL = "MP_Fault_Tolerance_NonFallback_Enabled";

    private static final Map<Class<?>, Class<?>> BOXES =
            Map.of(int.class, Integer.class, long.class, Long.class, double.class, Double.class);

    /** Returns whether any annotation of the specification is on a method, or on the class of its bean. */
    static boolean annotated(Class<?> bean, Method method) {
        return ANNOTATIONS.stream()
                .anyMatch(type -> method.isAnnotationPresent(type) || bean.isAnnotationPresent(type));
    }

    /** Returns the settings of an annotation; empty if there is none, or if it is disabled. */
    static Optional<Settings> of(Class<?> bean, Method method, Class<? extends Annotation> type) {
        String name = type.getSimpleName() + "/";
        String ofMethod = method.getDeclaringClass().getName() + "/" + method.getName() + "/" + name;
        String ofClass = bean.getName() + "/" + name;
        if (!enabled(type, List.of(ofMethod, ofClass, name))) {
            return Optional.empty();
        }
        if (method.isAnnotationPresent(type)) {
            return Optional.of(new Settings(method.getAnnotation(type), List.of(ofMethod, name)));
        }
        return Optional.ofNullable(bean.getAnnotation(type))
                .map(annotation -> new Settings(annotation, List.of(ofClass, name)));
    }

    private static boolean enabled(Class<? extends Annotation> type, List<String> keys) {
        Config config = ConfigProvider.getConfig();
        return keys.stream()
                .flatMap(key -> config.getOptionalValue(key + "enabled", Boolean.class).stream())
                .findFirst()
                .orElseGet(() -> type == Fallback.class
                        || config.getOptionalValue(ALL, Boolean.class).orElse(true));
    }

    /** Returns the value of a member. */
    Object value(String member) {
        try {
            Method method = annotation.annotationType().getMethod(member);
            Class<?> type = BOXES.getOrDefault(method.getReturnType(), method.getReturnType());
            Config config = ConfigProvider.getConfig();
            for (String key : keys) {
                Optional<?> configured = config.getOptionalValue(key + member, type);
                if (configured.isPresent()) {
                    return configured.get();
                }
            }
            return method.invoke(annotation);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    int number(String member) {
        return (Integer) value(member);
    }

    /** Returns a duration with its unit; it may be zero. */
    Duration time(String member, String unit) {
        long amount = (Long) value(member);
        if (amount < 0) {
            throw new FaultToleranceDefinitionException(annotation + ": " + member + " is negative");
        }
        return Duration.of(amount, (ChronoUnit) value(unit));
    }

    private boolean matches(String member, Throwable thrown) {
        for (Class<?> type : (Class<?>[]) value(member)) {
            if (type.isInstance(thrown)) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether an exception counts: its type is in the first member, and not in the second, which prevails. */
    boolean counts(String on, String not, Throwable thrown) {
        return !matches(not, thrown) && matches(on, thrown);
    }
}
