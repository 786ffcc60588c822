package dev.treaty.core.contract;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The Java types of a contract, resolved: without wildcards, and with the type arguments of generic records in place of
 * their type variables. Contracts are read, and codecs made, by walking resolved types.
 */
public final class JavaTypes {
    private static final Map<Class<?>, Class<?>> PRIMITIVE_OPTIONALS =
            Map.of(OptionalInt.class, int.class, OptionalLong.class, long.class, OptionalDouble.class, double.class);

    private JavaTypes() {}

    /** Resolves a type that is not part of a generic record; its wildcards become their upper bounds. */
    public static Type resolve(Type type) {
        return resolve(type, Map.of());
    }

    /** Returns the resolved type of a component of a record, which is a class or a resolved generic type. */
    public static Type of(RecordComponent component, Type record) {
        var arguments = new HashMap<TypeVariable<?>, Type>();
        if (record instanceof ParameterizedType generic) {
            TypeVariable<?>[] variables = raw(record).getTypeParameters();
            for (int i = 0; i < variables.length; i++) {
                arguments.put(variables[i], generic.getActualTypeArguments()[i]);
            }
        }
        return resolve(component.getGenericType(), arguments);
    }

    private static Type resolve(Type type, Map<TypeVariable<?>, Type> arguments) {
        return switch (type) {
            case TypeVariable<?> variable -> arguments.getOrDefault(variable, variable);
            case WildcardType wildcard -> resolve(wildcard.getUpperBounds()[0], arguments);
            case ParameterizedType generic ->
                new Generic(
                        raw(generic),
                        Arrays.stream(generic.getActualTypeArguments())
                                .map(argument -> resolve(argument, arguments))
                                .toList());
            case GenericArrayType array -> {
                Type element = resolve(array.getGenericComponentType(), arguments);
                yield element instanceof Class<?> c ? c.arrayType() : new GenericArray(element);
            }
            default -> type;
        };
    }

    /**
     * Returns the class of a type, without type arguments.
     *
     * @throws IllegalArgumentException if it is a type variable
     */
    public static Class<?> raw(Type type) {
        return switch (type) {
            case Class<?> c -> c;
            case ParameterizedType generic -> (Class<?>) generic.getRawType();
            case GenericArrayType array -> raw(array.getGenericComponentType()).arrayType();
            default -> throw new IllegalArgumentException(type.getTypeName() + " is not supported");
        };
    }

    /** Returns a type argument of a generic type, or the type of the elements of an array. */
    public static Type argument(Type type, int index) {
        return switch (type) {
            case ParameterizedType generic -> generic.getActualTypeArguments()[index];
            case GenericArrayType array -> array.getGenericComponentType();
            default -> raw(type).getComponentType();
        };
    }

    /** Returns the type of the value in an {@code Optional} of any kind; another type is returned as it is. */
    public static Type unwrapOptional(Type type) {
        return switch (type) {
            case Class<?> c -> PRIMITIVE_OPTIONALS.getOrDefault(c, c);
            case ParameterizedType generic when generic.getRawType() == Optional.class -> argument(generic, 0);
            default -> type;
        };
    }

    /** Returns the value in an {@code Optional} of any kind, null if it is empty; or another value as it is. */
    public static @Nullable Object unwrap(@Nullable Object value) {
        return switch (value) {
            case Optional<?> optional -> optional.orElse(null);
            case OptionalInt optional -> optional.isPresent() ? (Object) optional.getAsInt() : null;
            case OptionalLong optional -> optional.isPresent() ? (Object) optional.getAsLong() : null;
            case OptionalDouble optional -> optional.isPresent() ? (Object) optional.getAsDouble() : null;
            case null, default -> value;
        };
    }

    /** Returns the tag of a record of a {@link Tagged} interface: its {@link Tag}, or its simple name. */
    public static String tag(Class<?> record) {
        Tag tag = record.getAnnotation(Tag.class);
        return tag == null ? record.getSimpleName() : tag.value();
    }

    private record Generic(Class<?> raw, List<Type> arguments) implements ParameterizedType {
        @Override
        public Type[] getActualTypeArguments() {
            return arguments.toArray(Type[]::new);
        }

        @Override
        public Type getRawType() {
            return raw;
        }

        @Override
        public @Nullable Type getOwnerType() {
            return raw.getDeclaringClass();
        }

        @Override
        public String toString() {
            return raw.getTypeName()
                    + arguments.stream().map(Type::getTypeName).collect(Collectors.joining(", ", "<", ">"));
        }
    }

    private record GenericArray(Type getGenericComponentType) implements GenericArrayType {}
}
