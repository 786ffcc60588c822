package dev.treaty.core.call;

import dev.treaty.core.contract.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a value stands in a request, such as {@code customer.id}: the names of fields, joined by dots, as they are in
 * the JSON of the message. It finds the value in calls made through an interface and in those made with maps.
 */
public final class ArgumentPath {
    /** The most names that a path may have. */
    public static final int DEPTH_MAX = 8;

    private static final ClassValue<Map<String, Method>> ACCESSORS = new ClassValue<>() {
        @Override
        protected Map<String, Method> computeValue(Class<?> type) {
            var accessors = new HashMap<String, Method>();
            if (type.isRecord()) {
                for (RecordComponent component : type.getRecordComponents()) {
                    Method accessor = component.getAccessor();
                    if (accessor.trySetAccessible()) {
                        accessors.put(component.getName(), accessor);
                    }
                }
            }
            return Map.copyOf(accessors);
        }
    };

    private final List<String> names;

    private ArgumentPath(List<String> names) {
        this.names = names;
    }

    /**
     * That path.
     *
     * @throws IllegalArgumentException where a name is empty or there are too many
     */
    public static ArgumentPath of(String path) {
        List<String> names = List.of(path.split("\\.", -1));
        if (names.size() > DEPTH_MAX || names.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException("\"" + path + "\" is not the path of an argument: write 1 to "
                    + DEPTH_MAX + " names joined by dots, such as order.customer");
        }
        return new ArgumentPath(names);
    }

    /** The value that stands there in that call; null where there is none. */
    public @Nullable Object in(Call call) {
        List<? extends @Nullable Object> arguments = call.arguments();
        if (arguments.isEmpty()) {
            return null;
        }
        boolean wholeMessage = call.operation().signature().dynamic()
                || (arguments.size() == 1 && !call.operation().request().anonymous());
        if (wholeMessage) {
            return below(arguments.getFirst(), 0);
        }
        List<Field> parameters = call.operation().parameters();
        for (int i = 0; i < parameters.size() && i < arguments.size(); i++) {
            if (parameters.get(i).name().equals(names.getFirst())) {
                return below(arguments.get(i), 1);
            }
        }
        return null;
    }

    private @Nullable Object below(@Nullable Object start, int depth) {
        Object value = start;
        for (int i = depth; i < names.size() && value != null; i++) {
            value = step(value, names.get(i));
        }
        return value instanceof Optional<?> optional ? optional.orElse(null) : value;
    }

    private static @Nullable Object step(Object from, String name) {
        if (from instanceof Map<?, ?> map) {
            return map.get(name);
        }
        if (from instanceof Optional<?> optional) {
            return optional.map(inner -> step(inner, name)).orElse(null);
        }
        Method accessor = ACCESSORS.get(from.getClass()).get(name);
        try {
            return accessor == null ? null : accessor.invoke(from);
        } catch (IllegalAccessException | InvocationTargetException e) {
            return null; // a message that cannot be read has no key; the codec says what is wrong with it
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ArgumentPath that && names.equals(that.names);
    }

    @Override
    public int hashCode() {
        return names.hashCode();
    }

    @Override
    public String toString() {
        return String.join(".", names);
    }
}
