package dev.treaty.http;

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
final class Forms {
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
    private static final ClassValue<StructureForm.RecordClass> RECORDS = new ClassValue<>() {
        @Override
        protected StructureForm.RecordClass computeValue(Class<?> record) {
            return recordClass(record);
        }
    };

    private Forms() {}

    /** The form of a message that is a Java record. */
    static StructureForm record(Structure structure, Type type) {
        return structure(structure, Bound.of(type), null);
    }

    /** The form of a message whose fields have those Java types, in order. */
    static StructureForm fields(Structure structure, List<Type> types, StructureForm.Java java) {
        var parts = new ArrayList<StructureForm.Part>();
        for (int i = 0; i < types.size(); i++) {
            parts.add(part(structure.fields().get(i), Bound.of(types.get(i))));
        }
        return new StructureForm(parts, java, null);
    }

    /** The form of a message for callers without Java types. */
    static StructureForm dynamic(Structure structure) {
        return dynamic(structure, null);
    }

    private static StructureForm dynamic(Structure structure, StructureForm.@Nullable Tagging tagging) {
        var parts = structure.fields().stream()
                .map(field -> new StructureForm.Part(field, dynamic(field.shape()), StructureForm.Container.PLAIN))
                .toList();
        return new StructureForm(parts, new StructureForm.Fields(parts, tagging), tagging);
    }

    private static Form dynamic(Shape shape) {
        return switch (shape) {
            case Scalar scalar -> ScalarForm.of(scalar);
            case Enumeration enumeration -> EnumForm.of(enumeration.values());
            case Sequence(var element) -> new CollectionForm(dynamic(element), CollectionForm.Kind.LIST, Object.class);
            case Mapping(var value) -> new MapForm(null, dynamic(value));
            case Structure structure -> dynamic(structure, null);
            case Choice choice -> {
                var byTag = new LinkedHashMap<String, StructureForm>();
                for (var option : choice.options()) {
                    var tagging = new StructureForm.Tagging(choice.tag(), option.tag());
                    byTag.put(option.tag(), dynamic(option.structure(), tagging));
                }
                yield new ChoiceForm(choice.tag(), byTag, Map.of());
            }
        };
    }

    private static Form form(Shape shape, Bound type) {
        return switch (shape) {
            case Scalar _ -> ScalarForm.of(type.raw());
            case Enumeration _ -> EnumForm.of(type.raw());
            case Sequence(var element) -> sequence(element, type);
            case Mapping(var value) -> {
                Class<?> key = type.argument(0).raw();
                yield new MapForm(key.isEnum() ? EnumForm.of(key) : null, form(value, type.argument(1)));
            }
            case Structure structure -> structure(structure, type, null);
            case Choice choice -> choice(choice, type.raw());
        };
    }

    private static Form sequence(Shape element, Bound type) {
        Class<?> raw = type.raw();
        if (raw.isArray()) {
            Bound component = type.component();
            return new CollectionForm(form(element, component), CollectionForm.Kind.ARRAY, component.raw());
        }
        var kind = raw == Set.class ? CollectionForm.Kind.SET : CollectionForm.Kind.LIST;
        return new CollectionForm(form(element, type.argument(0)), kind, Object.class);
    }

    private static Form choice(Choice choice, Class<?> type) {
        var byTag = new LinkedHashMap<String, StructureForm>();
        var byClass = new HashMap<Class<?>, StructureForm>();
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
                    option.structure(), Bound.of(record), new StructureForm.Tagging(choice.tag(), option.tag()));
            byTag.put(option.tag(), form);
            byClass.put(record, form);
        }
        return new ChoiceForm(choice.tag(), byTag, byClass);
    }

    private static StructureForm structure(Structure structure, Bound type, StructureForm.@Nullable Tagging tagging) {
        Class<?> record = type.raw();
        var inside = new Bound(record, type.binding());
        var parts = new ArrayList<StructureForm.Part>();
        RecordComponent[] components = record.getRecordComponents();
        for (int i = 0; i < components.length; i++) {
            parts.add(part(structure.fields().get(i), inside.inner(components[i].getGenericType())));
        }
        return new StructureForm(parts, RECORDS.get(record), tagging);
    }

    private static StructureForm.RecordClass recordClass(Class<?> record) {
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
            return new StructureForm.RecordClass(make, List.copyOf(accessors));
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new ContractException(
                    "record " + record.getName(),
                    List.of("it cannot be read and written: make it public and export its package, or open the package"
                            + " to dev.treaty.http (" + e.getMessage() + ")"));
        }
    }

    private static StructureForm.Part part(Field field, Bound type) {
        Class<?> raw = type.raw();
        if (raw == Optional.class) {
            Form inner = form(field.shape(), type.argument(0));
            return new StructureForm.Part(field, inner, StructureForm.Container.OPTIONAL);
        }
        if (raw == OptionalInt.class) {
            return new StructureForm.Part(field, ScalarForm.of(int.class), StructureForm.Container.OPTIONAL_INT);
        }
        if (raw == OptionalLong.class) {
            return new StructureForm.Part(field, ScalarForm.of(long.class), StructureForm.Container.OPTIONAL_LONG);
        }
        if (raw == OptionalDouble.class) {
            return new StructureForm.Part(field, ScalarForm.of(double.class), StructureForm.Container.OPTIONAL_DOUBLE);
        }
        return new StructureForm.Part(field, form(field.shape(), type), StructureForm.Container.PLAIN);
    }
}
