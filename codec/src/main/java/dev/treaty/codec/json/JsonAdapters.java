package dev.treaty.codec.json;

import dev.treaty.core.contract.ContractException;
import dev.treaty.core.contract.Field;
import dev.treaty.core.contract.Shape;
import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import dev.treaty.core.contract.Tag;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes the forms of an operation, once: a walk over a shape and the Java type that goes with it, side by side. After
 * that no reflection is left, only method handles.
 */
public final class JsonAdapters {
    /** A Java type together with what the type variables in it stand for. */
    private record Bound(Type type, Map<TypeVariable<?>, Bound> variables) {
        static Bound of(Type type) {
            return new Bound(type, Map.of());
        }

        /** A type that occurs in this one, with variables replaced at its top. */
        Bound inner(Type part) {
            return switch (part) {
                case TypeVariable<?> variable -> {
                    Bound bound = variables.get(variable);
                    if (bound == null) {
                        throw new IllegalArgumentException("the type variable " + variable + " is not known here");
                    }
                    yield bound;
                }
                case WildcardType wildcard -> inner(wildcard.getUpperBounds()[0]);
                default -> new Bound(part, variables);
            };
        }

        Class<?> raw() {
            return switch (type) {
                case Class<?> c -> c;
                case ParameterizedType p -> (Class<?>) p.getRawType();
                case GenericArrayType a ->
                    inner(a.getGenericComponentType()).raw().arrayType();
                default -> throw new IllegalArgumentException(type.getTypeName() + " is not supported");
            };
        }

        Bound argument(int index) {
            return inner(((ParameterizedType) type).getActualTypeArguments()[index]);
        }

        Bound component() {
            return switch (type) {
                case GenericArrayType a -> inner(a.getGenericComponentType());
                default -> of(raw().getComponentType());
            };
        }

        /** What the variables of this type's class stand for. */
        Map<TypeVariable<?>, Bound> binding() {
            var binding = new HashMap<TypeVariable<?>, Bound>();
            TypeVariable<?>[] declared = raw().getTypeParameters();
            for (int i = 0; i < declared.length; i++) {
                binding.put(declared[i], argument(i));
            }
            return binding;
        }
    }

    /** One pair of handles for each record, however many operations carry it: the JVM compiles each anew. */
    private static final ClassValue<StructureAdapter.RecordClass> RECORDS = new ClassValue<>() {
        @Override
        protected StructureAdapter.RecordClass computeValue(Class<?> record) {
            return recordClass(record);
        }
    };

    private JsonAdapters() {}

    /** The form of a message that is a Java record. */
    public static StructureAdapter record(Structure structure, Type type) {
        return structure(structure, Bound.of(type), null);
    }

    /** The form of a message whose fields have those Java types, in order. */
    public static StructureAdapter fields(Structure structure, List<Type> types, StructureAdapter.Instantiator java) {
        var parts = new ArrayList<StructureAdapter.Part>();
        for (int i = 0; i < types.size(); i++) {
            parts.add(part(structure.fields().get(i), Bound.of(types.get(i))));
        }
        return new StructureAdapter(parts, java, null);
    }

    /** The form of a message for callers without Java types. */
    public static StructureAdapter dynamic(Structure structure) {
        return dynamic(structure, null);
    }

    private static StructureAdapter dynamic(Structure structure, StructureAdapter.@Nullable Tagging tagging) {
        var parts = structure.fields().stream()
                .map(field ->
                        new StructureAdapter.Part(field, dynamic(field.shape()), StructureAdapter.Container.PLAIN))
                .toList();
        return new StructureAdapter(parts, new StructureAdapter.Fields(parts, tagging), tagging);
    }

    private static JsonAdapter dynamic(Shape shape) {
        return switch (shape) {
            case Scalar scalar -> ScalarAdapter.of(scalar);
            case Enumeration enumeration -> EnumAdapter.of(enumeration.values());
            case Sequence(var element) ->
                new CollectionAdapter(dynamic(element), CollectionAdapter.Kind.LIST, Object.class);
            case Mapping(var value) -> new MapAdapter(null, dynamic(value));
            case Structure structure -> dynamic(structure, null);
            case Choice choice -> {
                var byTag = new LinkedHashMap<String, StructureAdapter>();
                for (var option : choice.options()) {
                    var tagging = new StructureAdapter.Tagging(choice.tag(), option.tag());
                    byTag.put(option.tag(), dynamic(option.structure(), tagging));
                }
                yield new TaggedAdapter(choice.tag(), byTag, Map.of());
            }
        };
    }

    private static JsonAdapter form(Shape shape, Bound type) {
        return switch (shape) {
            case Scalar _ -> ScalarAdapter.of(type.raw());
            case Enumeration _ -> EnumAdapter.of(type.raw());
            case Sequence(var element) -> sequence(element, type);
            case Mapping(var value) -> {
                Class<?> key = type.argument(0).raw();
                yield new MapAdapter(key.isEnum() ? EnumAdapter.of(key) : null, form(value, type.argument(1)));
            }
            case Structure structure -> structure(structure, type, null);
            case Choice choice -> choice(choice, type.raw());
        };
    }

    private static JsonAdapter sequence(Shape element, Bound type) {
        Class<?> raw = type.raw();
        if (raw.isArray()) {
            Bound component = type.component();
            return new CollectionAdapter(form(element, component), CollectionAdapter.Kind.ARRAY, component.raw());
        }
        var kind = raw == Set.class ? CollectionAdapter.Kind.SET : CollectionAdapter.Kind.LIST;
        return new CollectionAdapter(form(element, type.argument(0)), kind, Object.class);
    }

    private static JsonAdapter choice(Choice choice, Class<?> type) {
        var byTag = new LinkedHashMap<String, StructureAdapter>();
        var byClass = new HashMap<Class<?>, StructureAdapter>();
        var classes = new HashMap<String, Class<?>>();
        for (Class<?> record : type.getPermittedSubclasses()) {
            Tag tag = record.getAnnotation(Tag.class);
            classes.put(tag == null ? record.getSimpleName() : tag.value(), record);
        }
        for (var option : choice.options()) {
            Class<?> record = classes.get(option.tag());
            if (record == null) {
                throw new IllegalArgumentException("no record has the tag " + option.tag());
            }
            var form = structure(
                    option.structure(), Bound.of(record), new StructureAdapter.Tagging(choice.tag(), option.tag()));
            byTag.put(option.tag(), form);
            byClass.put(record, form);
        }
        return new TaggedAdapter(choice.tag(), byTag, byClass);
    }

    private static StructureAdapter structure(
            Structure structure, Bound type, StructureAdapter.@Nullable Tagging tagging) {
        Class<?> record = type.raw();
        var inside = new Bound(record, type.binding());
        var parts = new ArrayList<StructureAdapter.Part>();
        RecordComponent[] components = record.getRecordComponents();
        for (int i = 0; i < components.length; i++) {
            parts.add(part(structure.fields().get(i), inside.inner(components[i].getGenericType())));
        }
        return new StructureAdapter(parts, RECORDS.get(record), tagging);
    }

    private static StructureAdapter.RecordClass recordClass(Class<?> record) {
        RecordComponent[] components = record.getRecordComponents();
        try {
            var types = new Class<?>[components.length];
            var accessors = new ArrayList<MethodHandle>();
            var lookup = MethodHandles.lookup();
            for (int i = 0; i < components.length; i++) {
                types[i] = components[i].getType();
                Method accessor = components[i].getAccessor();
                accessor.setAccessible(true);
                accessors.add(lookup.unreflect(accessor).asType(MethodType.methodType(Object.class, Object.class)));
            }
            Constructor<?> constructor = record.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            MethodHandle make = lookup.unreflectConstructor(constructor)
                    .asSpreader(Object[].class, types.length)
                    .asType(MethodType.methodType(Object.class, Object[].class));
            return new StructureAdapter.RecordClass(make, List.copyOf(accessors));
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new ContractException(
                    "record " + record.getName(),
                    List.of("it cannot be read and written: make it public and export its package, or open the package"
                            + " to dev.treaty.codec (" + e.getMessage() + ")"));
        }
    }

    private static StructureAdapter.Part part(Field field, Bound type) {
        Class<?> raw = type.raw();
        if (raw == Optional.class) {
            JsonAdapter inner = form(field.shape(), type.argument(0));
            return new StructureAdapter.Part(field, inner, StructureAdapter.Container.OPTIONAL);
        }
        if (raw == OptionalInt.class) {
            return new StructureAdapter.Part(
                    field, ScalarAdapter.of(int.class), StructureAdapter.Container.OPTIONAL_INT);
        }
        if (raw == OptionalLong.class) {
            return new StructureAdapter.Part(
                    field, ScalarAdapter.of(long.class), StructureAdapter.Container.OPTIONAL_LONG);
        }
        if (raw == OptionalDouble.class) {
            return new StructureAdapter.Part(
                    field, ScalarAdapter.of(double.class), StructureAdapter.Container.OPTIONAL_DOUBLE);
        }
        return new StructureAdapter.Part(field, form(field.shape(), type), StructureAdapter.Container.PLAIN);
    }
}
