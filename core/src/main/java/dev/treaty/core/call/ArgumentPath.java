package dev.treaty.core.call;

import dev.treaty.core.contract.JavaTypes;
import dev.treaty.core.contract.Operation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The path of a value in a request, such as {@code customer.id}: field names as in JSON, joined by dots. It finds the
 * value in calls made through an interface and in calls made with maps.
 *
 * @param names the names of the fields, outermost first
 */
public record ArgumentPath(List<String> names) {
    /** The maximum number of names in a path. */
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

    /** @throws IllegalArgumentException if a name is empty or there are too many */
    public ArgumentPath {
        names = List.copyOf(names);
        if (names.size() > DEPTH_MAX || names.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException(
                    "\"" + String.join(".", names) + "\" is not the path of an argument: write 1 to " + DEPTH_MAX
                            + " names joined by dots, such as order.customer");
        }
    }

    /**
     * Parses a path.
     *
     * @throws IllegalArgumentException if a name is empty or there are too many
     */
    public static ArgumentPath of(String path) {
        return new ArgumentPath(List.of(path.split("\\.", -1)));
    }

    /** Returns the value at this path in the arguments of a call, or null if there is none. */
    public @Nullable Object in(Call call) {
        Operation operation = call.operation();
        boolean wholeMessage =
                operation.signature().dynamic() || !operation.request().anonymous();
        for (int i = 0; i < call.arguments().size(); i++) {
            if (wholeMessage || operation.request().fields().get(i).name().equals(names.getFirst())) {
                return below(call.arguments().get(i), wholeMessage ? 0 : 1);
            }
        }
        return null;
    }

    private @Nullable Object below(@Nullable Object start, int depth) {
        Object value = start;
        for (int i = depth; i < names.size() && value != null; i++) {
            value = field(value, names.get(i));
        }
        return JavaTypes.unwrap(value);
    }

    private static @Nullable Object field(Object from, String name) {
        if (from instanceof Map<?, ?> map) {
            try {
                return map.get(name);
            } catch (ClassCastException e) {
                return null; // a sorted map whose keys are not strings
            }
        }
        if (from instanceof Optional<?> optional) {
            return optional.map(inner -> field(inner, name)).orElse(null);
        }
        Method accessor = ACCESSORS.get(from.getClass()).get(name);
        try {
            return accessor == null ? null : accessor.invoke(from);
        } catch (IllegalAccessException | InvocationTargetException e) {
            return null; // a message that cannot be read has no key; the codec reports the problem
        }
    }

    @Override
    public String toString() {
        return String.join(".", names);
    }
}
