package dev.treaty.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a part of the settings accepts, by the Java types that it is read into. */
sealed interface Shape {
    /** One text. */
    record Value() implements Shape {}

    /** A list. */
    record Listing(Shape element) implements Shape {}

    /** Names of any text, each with the same shape below it. */
    record Named(Shape content) implements Shape {}

    /** A group of known keys. */
    record Group(Map<String, Shape> keys) implements Shape {
        Group with(String key, Shape shape) {
            var more = new TreeMap<>(keys);
            more.put(key, shape);
            return new Group(more);
        }
    }

    /** Any keys with any values: those of the application. */
    record Anything() implements Shape {}

    /**
     * Returns the shape of a type.
     *
     * @param key the last part of the key
     */
    static Shape of(Type type, String key) {
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            Shape content = of(arguments[arguments.length - 1], key);
            return generic.getRawType() == Optional.class
                    ? content
                    : generic.getRawType() == List.class ? new Listing(content) : new Named(content);
        }
        Class<?> plain = (Class<?>) type;
        return ValueFormat.of(plain, key).isPresent() ? new Value() : group(plain);
    }

    /** Returns the shape of records. */
    static Group group(Class<?>... records) {
        var keys = new TreeMap<String, Shape>();
        for (Class<?> each : records) {
            for (RecordComponent component : each.getRecordComponents()) {
                String key = KeyNames.kebab(component.getName());
                keys.put(key, of(component.getGenericType(), key));
            }
        }
        return new Group(keys);
    }
}
