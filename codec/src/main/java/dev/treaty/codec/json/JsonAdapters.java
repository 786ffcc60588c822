package dev.treaty.codec.json;

import dev.treaty.codec.json.StructureAdapter.Part;
import dev.treaty.codec.json.StructureAdapter.RecordHandles;
import dev.treaty.codec.json.StructureAdapter.Tagging;
import dev.treaty.core.contract.ContractException;
import dev.treaty.core.contract.Field;
import dev.treaty.core.contract.JavaTypes;
import dev.treaty.core.contract.Shape;
import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Creates the adapters of an operation from the shapes of its messages and their resolved Java types. */
public final class JsonAdapters {
    /** Shared by all operations that use a record, because the JVM compiles each method handle separately. */
    private static final ClassValue<RecordHandles> HANDLES = new ClassValue<>() {
        @Override
        protected RecordHandles computeValue(Class<?> record) {
            return handles(record);
        }
    };

    /** How the values of an optional field are wrapped. */
    private record Container(
            UnaryOperator<Object> wrap, @Nullable Object empty) {}

    private static final Container PLAIN = new Container(value -> value, null);

    private static final Map<Class<?>, Container> CONTAINERS = Map.of(
            Optional.class,
            new Container(Optional::of, Optional.empty()),
            OptionalInt.class,
            new Container(value -> OptionalInt.of((int) value), OptionalInt.empty()),
            OptionalLong.class,
            new Container(value -> OptionalLong.of((long) value), OptionalLong.empty()),
            OptionalDouble.class,
            new Container(value -> OptionalDouble.of((double) value), OptionalDouble.empty()));

    /** In place of a Java type for values without one: they are maps, lists and scalars. */
    private static final Class<?> NO_TYPE = Object.class;

    /** What determines the adapter of an object; a type has one structure in a contract. */
    private record Key(String name, Type type, @Nullable Tagging tagging) {}

    /** The adapters made so far: the number of paths to them may grow exponentially with the length of a contract. */
    private final Map<Key, StructureAdapter> structures = new HashMap<>();

    private JsonAdapters() {}

    /** Returns the adapter of a message: a Java record, or the list of these types of values if it has no name. */
    public static StructureAdapter message(Structure structure, List<Type> types) {
        var adapters = new JsonAdapters();
        return structure.anonymous()
                ? new StructureAdapter(
                        adapters.parts(structure, types),
                        (_, values) -> Arrays.asList(values),
                        (value, i) -> ((List<?>) value).get(i),
                        null)
                : adapters.structure(structure, types.getFirst(), null);
    }

    /** Returns the adapter of a message without Java types, which is a map. */
    public static StructureAdapter dynamic(Structure structure) {
        return new JsonAdapters().structure(structure, NO_TYPE, null);
    }

    private JsonAdapter adapter(Shape shape, Type type) {
        Class<?> raw = JavaTypes.raw(type);
        return switch (shape) {
            case Scalar scalar -> ScalarAdapter.of(scalar, raw);
            case Enumeration(var _, var _, var values) -> raw.isEnum() ? new EnumAdapter(raw) : new EnumAdapter(values);
            case Sequence(var element) -> new CollectionAdapter(adapter(element, inner(type, 0)), raw);
            case Mapping(var value) -> {
                Class<?> key = JavaTypes.raw(inner(type, 0));
                yield new MapAdapter(key.isEnum() ? new EnumAdapter(key) : null, adapter(value, inner(type, 1)));
            }
            case Structure structure -> structure(structure, type, null);
            case Choice choice -> choice(choice, raw);
        };
    }

    /** Returns the type of elements, keys (0) or values (1). */
    private static Type inner(Type type, int index) {
        return type == NO_TYPE ? NO_TYPE : JavaTypes.argument(type, index);
    }

    private JsonAdapter choice(Choice choice, Class<?> type) {
        Map<String, Class<?>> classes = type == NO_TYPE
                ? Map.of()
                : Arrays.stream(type.getPermittedSubclasses())
                        .collect(Collectors.toMap(JavaTypes::tag, Function.identity()));
        var byTag = new LinkedHashMap<String, StructureAdapter>();
        var byClass = new HashMap<Class<?>, StructureAdapter>();
        for (var option : choice.options()) {
            Class<?> record = classes.getOrDefault(option.tag(), NO_TYPE);
            var adapter = structure(option.structure(), record, new Tagging(choice.tag(), option.tag()));
            byTag.put(option.tag(), adapter);
            byClass.put(record, adapter);
        }
        return new TaggedAdapter(choice.tag(), byTag, byClass);
    }

    private StructureAdapter structure(Structure structure, Type type, @Nullable Tagging tagging) {
        var key = new Key(structure.name(), type, tagging);
        StructureAdapter known = structures.get(key);
        if (known == null) {
            known = create(structure, type, tagging);
            structures.put(key, known);
        }
        return known;
    }

    private StructureAdapter create(Structure structure, Type type, @Nullable Tagging tagging) {
        if (type == NO_TYPE) {
            var parts = parts(structure, Collections.nCopies(structure.fields().size(), type));
            return new StructureAdapter(parts, (_, values) -> map(parts, tagging, values), null, tagging);
        }
        Class<?> record = JavaTypes.raw(type);
        List<Type> types = Arrays.stream(record.getRecordComponents())
                .map(component -> JavaTypes.of(component, type))
                .toList();
        RecordHandles handles = HANDLES.get(record);
        return new StructureAdapter(parts(structure, types), handles::create, handles::get, tagging);
    }

    /** Returns the fields of an object that are present. */
    private static Map<String, Object> map(List<Part> parts, @Nullable Tagging tagging, @Nullable Object[] values) {
        Map<String, Object> map = new LinkedHashMap<>();
        if (tagging != null) {
            map.put(tagging.field(), tagging.value());
        }
        for (int i = 0; i < values.length; i++) {
            Object value = values[i];
            if (value != null) {
                map.put(parts.get(i).field().name(), value);
            }
        }
        return map;
    }

    private static RecordHandles handles(Class<?> record) {
        try {
            var types = new ArrayList<Class<?>>();
            var accessors = new ArrayList<MethodHandle>();
            var lookup = MethodHandles.lookup();
            for (RecordComponent component : record.getRecordComponents()) {
                types.add(component.getType());
                Method accessor = component.getAccessor();
                accessor.setAccessible(true);
                accessors.add(lookup.unreflect(accessor).asType(MethodType.methodType(Object.class, Object.class)));
            }
            Constructor<?> constructor = record.getDeclaredConstructor(types.toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            MethodHandle create = lookup.unreflectConstructor(constructor)
                    .asSpreader(Object[].class, types.size())
                    .asType(MethodType.methodType(Object.class, Object[].class));
            return new RecordHandles(create, List.copyOf(accessors));
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new ContractException(
                    "record " + record.getName(),
                    List.of("it cannot be read and written: make it public and export its package, or open the package"
                            + " to dev.treaty.codec (" + e.getMessage() + ")"));
        }
    }

    private List<Part> parts(Structure structure, List<Type> types) {
        var parts = new ArrayList<Part>();
        for (int i = 0; i < structure.fields().size(); i++) {
            parts.add(part(structure.fields().get(i), types.get(i)));
        }
        return parts;
    }

    private Part part(Field field, Type type) {
        Container container = CONTAINERS.getOrDefault(JavaTypes.raw(type), PLAIN);
        JsonAdapter adapter = adapter(field.shape(), JavaTypes.unwrapOptional(type));
        return Part.of(field, adapter, container.wrap, container.empty);
    }
}
