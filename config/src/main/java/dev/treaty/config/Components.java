package dev.treaty.config;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The components of a record type: their keys, their values, and how to make a record of them. */
final class Components {
    private final Class<?> type;
    private final RecordComponent[] components;

    /** What a record's constructor refuses; {@code key} is empty where no single key is at fault. */
    record Refusal(String key, String message) {}

    Components(Class<?> type) {
        this.type = type;
        this.components = type.getRecordComponents();
    }

    int size() {
        return components.length;
    }

    String key(int i) {
        return KeyNames.kebab(components[i].getName());
    }

    Type type(int i) {
        return components[i].getGenericType();
    }

    Object of(Object instance, int i) {
        return Objects.requireNonNull(
                reflect(() -> open(components[i].getAccessor()).invoke(instance)));
    }

    /** The record's own constant {@code DEFAULT}, if it has one. */
    @Nullable
    Object whereNothingIsInherited() {
        boolean has =
                Arrays.stream(type.getFields()).anyMatch(f -> f.getName().equals("DEFAULT") && f.getType() == type);
        return has ? reflect(() -> type.getField("DEFAULT").get(null)) : null;
    }

    /** @throws IllegalArgumentException where the record refuses the values */
    Object construct(List<Object> values) {
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        return Objects.requireNonNull(reflect(() -> {
            Constructor<?> constructor = open(type.getDeclaredConstructor(types));
            return constructor.newInstance(values.toArray());
        }));
    }

    /**
     * Finds the values at fault by putting those of the base back one at a time, since the base is sound. Where that
     * helps for exactly one value, this one is to blame; where it helps for several, they do not fit together and none
     * is to blame alone; and where it never helps, several are wrong at once, and each is tried alone.
     */
    List<Refusal> blame(Object base, List<Object> values, IllegalArgumentException refused) {
        var culprits = new ArrayList<Refusal>();
        var alone = new ArrayList<Refusal>();
        for (int i = 0; i < size(); i++) {
            Object inherited = of(base, i);
            if (values.get(i).equals(inherited)) {
                continue;
            }
            String message = refusal(replaced(values, i, inherited));
            if (message == null) {
                culprits.add(new Refusal(key(i), text(refused)));
            }
            message = refusal(replaced(values(base), i, values.get(i)));
            if (message != null) {
                alone.add(new Refusal(key(i), message));
            }
        }
        if (culprits.size() == 1) {
            return culprits;
        }
        return culprits.isEmpty() && !alone.isEmpty() ? alone : List.of(new Refusal("", text(refused)));
    }

    private List<Object> values(Object instance) {
        var values = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            values.add(of(instance, i));
        }
        return values;
    }

    private static List<Object> replaced(List<Object> values, int i, Object value) {
        var changed = new ArrayList<>(values);
        changed.set(i, value);
        return changed;
    }

    private @Nullable String refusal(List<Object> values) {
        try {
            construct(values);
            return null;
        } catch (IllegalArgumentException e) {
            return text(e);
        }
    }

    private static String text(IllegalArgumentException refused) {
        return String.valueOf(refused.getMessage());
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
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException thrown) {
                throw thrown;
            }
            throw new IllegalStateException("cannot read or make a " + type.getName(), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the record " + type.getName() + " is not open to dev.treaty.config", e);
        }
    }
}
