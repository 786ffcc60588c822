package dev.treaty.microprofile;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the fallback method of a guarded method: in its class and the supertypes, with the same parameters after all
 * type variables are resolved.
 */
final class Lookup {
    private final Map<TypeVariable<?>, Type> variables;
    private final Class<?> type;

    private Lookup(Class<?> type, Map<TypeVariable<?>, Type> variables) {
        this.type = type;
        this.variables = variables;
    }

    static Optional<Method> method(String name, Class<?> bean, Method guarded) {
        Class<?> declaring = guarded.getDeclaringClass();
        Lookup from = new Lookup(bean, Map.of())
                .upwards()
                .filter(one -> one.type == declaring)
                .findFirst()
                .orElseThrow();
        String wanted = from.signature(guarded);
        return from.upwards()
                .flatMap(one -> Arrays.stream(one.type.getDeclaredMethods())
                        .filter(method -> method.getName().equals(name))
                        .filter(method -> !method.isBridge() && visible(method, declaring))
                        .filter(method -> one.signature(method).equals(wanted)))
                .findFirst();
    }

    private static boolean visible(Method method, Class<?> from) {
        int modifiers = method.getModifiers();
        Class<?> owner = method.getDeclaringClass();
        if (Modifier.isPrivate(modifiers)) {
            return owner == from;
        }
        return Modifier.isPublic(modifiers)
                || Modifier.isProtected(modifiers)
                || owner.getPackageName().equals(from.getPackageName());
    }

    /** Returns this class, then its supertypes. */
    private Stream<Lookup> upwards() {
        Stream<Type> above = Stream.concat(
                Stream.ofNullable(type.getGenericSuperclass()), Arrays.stream(type.getGenericInterfaces()));
        return Stream.concat(Stream.of(this), above.map(this::of).flatMap(Lookup::upwards));
    }

    private Lookup of(Type above) {
        if (above instanceof ParameterizedType parameterized) {
            var raw = (Class<?>) parameterized.getRawType();
            Map<TypeVariable<?>, Type> known = new HashMap<>(variables);
            Type[] arguments = parameterized.getActualTypeArguments();
            for (int i = 0; i < arguments.length; i++) {
                known.put(raw.getTypeParameters()[i], arguments[i]);
            }
            return new Lookup(raw, known);
        }
        return new Lookup((Class<?>) above, variables);
    }

    private String signature(Method method) {
        return text(method.getGenericReturnType())
                + Arrays.stream(method.getGenericParameterTypes())
                        .map(this::text)
                        .collect(Collectors.joining(", ", " (", ")"));
    }

    /** Returns a type as text, with its variables resolved. */
    private String text(@Nullable Type any) {
        return switch (any) {
            case Class<?> plain when plain.isArray() -> "[" + text(plain.getComponentType());
            case Class<?> plain -> plain.getName();
            case TypeVariable<?> variable -> {
                Type known = variables.get(variable);
                // The variables of a method itself are compared by name.
                yield known != null ? text(known) : "? " + variable.getName();
            }
            case ParameterizedType parameterized ->
                text(parameterized.getRawType())
                        + Arrays.stream(parameterized.getActualTypeArguments())
                                .map(this::text)
                                .collect(Collectors.joining(", ", "<", ">"));
            case GenericArrayType array -> "[" + text(array.getGenericComponentType());
            case WildcardType wildcard ->
                "? " + join(wildcard.getUpperBounds()) + " super " + join(wildcard.getLowerBounds());
            case null -> "";
            default -> Objects.toString(any);
        };
    }

    private String join(Type[] types) {
        return Arrays.stream(types).map(this::text).collect(Collectors.joining(" & "));
    }
}
