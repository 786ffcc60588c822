package dev.treaty.config;

import dev.treaty.core.contract.DefaultValue;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads records of one type: each component is a key, in kebab case ({@code bodyBytesMax} is {@code body-bytes-max}). A
 * component that is not set has the value of the base record; without a base, of the record's constant {@code DEFAULT},
 * or of the component's annotation {@link DefaultValue}; without any, it must be set.
 *
 * <p>There is one reader of each type, which the class keeps as long as it is loaded.
 */
final class RecordReader implements ValueReader {
    private static final ClassValue<RecordReader> READERS = new ClassValue<>() {
        @Override
        protected RecordReader computeValue(Class<?> type) {
            return new RecordReader(type);
        }
    };

    private final Class<?> type;
    private final RecordComponent[] components;
    private final String[] keys;
    private final @Nullable ValueReader[] readers; // made when first used: a record may contain records of its own type
    private final Optional<Field> defaults;
    private final Constructor<?> constructor;

    private RecordReader(Class<?> type) {
        this.type = type;
        this.components = type.getRecordComponents();
        this.keys = Stream.of(components)
                .map(component -> KeyNames.kebab(component.getName()))
                .toArray(String[]::new);
        this.readers = new ValueReader[components.length];
        this.defaults = Stream.of(type.getFields())
                .filter(field -> field.getName().equals("DEFAULT") && field.getType() == type)
                .findFirst();
        Class<?>[] types = Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        this.constructor = (Constructor<?>) Objects.requireNonNull(reflect(() -> type.getDeclaredConstructor(types)));
    }

    static RecordReader of(Class<?> type) {
        return READERS.get(type);
    }

    int size() {
        return components.length;
    }

    String key(int i) {
        return keys[i];
    }

    /** Returns the value of a component of a record. */
    Object value(Object record, int i) {
        return Objects.requireNonNull(
                reflect(() -> open(components[i].getAccessor()).invoke(record)));
    }

    @Override
    public @Nullable Object read(Slot slot) {
        return read(slot.section(), slot.base());
    }

    @Nullable
    Object read(Section section, @Nullable Object inherited) {
        Object base = inherited == null ? defaults() : inherited;
        int problems = section.problems();
        var values = new ArrayList<Object>();
        for (int i = 0; i < size(); i++) {
            Slot slot = section.slot(key(i), base == null ? annotated(i) : value(base, i));
            Object value = reader(i).read(slot);
            if (value != null) {
                values.add(value);
            }
        }
        if (section.problems() > problems || values.size() < size()) {
            return base;
        }
        try {
            return construct(values);
        } catch (RejectedException e) {
            if (base == null) {
                section.rejected(message(e));
            } else {
                rejected(base, values, e).forEach(section::problem);
            }
            return base;
        }
    }

    private ValueReader reader(int i) {
        ValueReader reader = readers[i];
        if (reader == null) {
            reader = ValueReader.of(components[i].getGenericType(), key(i));
            readers[i] = reader;
        }
        return reader;
    }

    /** Returns the value of the component's annotation, or null. */
    private @Nullable Object annotated(int i) {
        DefaultValue annotation = components[i].getAnnotation(DefaultValue.class);
        if (annotation == null) {
            return null;
        }
        if (reader(i) instanceof ValueReader.PlainReader(var format)) {
            return format.read().apply(annotation.value());
        }
        throw new IllegalArgumentException(
                type.getName() + " has @DefaultValue on " + components[i].getName() + ", which is not a plain value");
    }

    /** Returns the constant {@code DEFAULT}, or null if the record has none. */
    @Nullable
    Object defaults() {
        return defaults.map(field -> reflect(() -> field.get(null))).orElse(null);
    }

    /** @throws RejectedException if the record rejects the values */
    private Object construct(List<Object> values) {
        return Objects.requireNonNull(reflect(() -> {
            try {
                return open(constructor).newInstance(values.toArray());
            } catch (InvocationTargetException e) {
                throw new RejectedException(Objects.requireNonNull(e.getCause()));
            }
        }));
    }

    /** Thrown if the constructor of a record throws, whatever it throws. */
    private static final class RejectedException extends IllegalArgumentException {
        private static final long serialVersionUID = 1;

        RejectedException(Throwable cause) {
            super(
                    cause instanceof IllegalArgumentException && cause.getMessage() != null
                            ? cause.getMessage()
                            : String.valueOf(cause),
                    cause);
        }
    }

    /**
     * Finds the values that a record rejects, by replacing them with those of the valid base. If exactly one
     * replacement makes the record valid, that value is invalid. If several do, the values contradict each other. If
     * none does, several values are invalid, and each is tried alone.
     *
     * @return messages by key; the empty key stands for the whole record
     */
    private Map<String, String> rejected(Object base, List<Object> values, RejectedException rejection) {
        var curable = new LinkedHashMap<String, String>();
        var invalidAlone = new LinkedHashMap<String, String>();
        List<Object> valid =
                IntStream.range(0, size()).mapToObj(i -> value(base, i)).toList();
        for (int i = 0; i < size(); i++) {
            if (rejection(replaced(values, i, valid.get(i))) == null) {
                curable.put(key(i), message(rejection));
            }
            String alone = rejection(replaced(valid, i, values.get(i)));
            if (alone != null) {
                invalidAlone.put(key(i), alone);
            }
        }
        if (curable.size() == 1) {
            return curable;
        }
        return curable.isEmpty() && !invalidAlone.isEmpty() ? invalidAlone : Map.of("", message(rejection));
    }

    private static List<Object> replaced(List<Object> values, int i, Object value) {
        var changed = new ArrayList<>(values);
        changed.set(i, value);
        return changed;
    }

    private @Nullable String rejection(List<Object> values) {
        try {
            construct(values);
            return null;
        } catch (RejectedException e) {
            return message(e);
        }
    }

    private static String message(RejectedException rejection) {
        return String.valueOf(rejection.getMessage());
    }

    private static <A extends AccessibleObject> A open(A member) {
        member.trySetAccessible();
        return member;
    }

    private interface Reflection {
        @Nullable
        Object run() throws ReflectiveOperationException;
    }

    private @Nullable Object reflect(Reflection work) {
        try {
            return work.run();
        } catch (ReflectiveOperationException e) {
            if (e.getCause() instanceof RuntimeException thrown) {
                throw thrown;
            }
            String own = type.getModule().isNamed() ? type.getModule().getName() : "its module";
            throw new IllegalArgumentException(
                    "the record " + type.getName()
                            + " is not accessible: make it public and export its package, or write" + " \"opens "
                            + type.getPackageName() + " to dev.treaty.config\" in the declaration of " + own,
                    e);
        }
    }
}
