package dev.treaty.core.contract;

import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import java.lang.invoke.MethodType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Reads a Java interface into a {@link ServiceContract}, and reports every part that the contract cannot express. */
final class ContractReader {
    private static final Map<Class<?>, Scalar> SCALARS = scalars();

    private static final Set<Class<?>> COLLECTIONS = Set.of(List.class, Set.class, Collection.class, Iterable.class);

    /** An element without annotations, for the result of an operation. */
    private static final AnnotatedElement NO_ANNOTATIONS = void.class;

    private final Class<?> type;
    private final List<String> problems = new ArrayList<>();
    private final Map<String, Type> typesByName = new HashMap<>();

    /** The records that are being read, to find one that contains itself. */
    private final List<Type> open = new ArrayList<>();

    ContractReader(Class<?> type) {
        this.type = type;
    }

    private static Map<Class<?>, Scalar> scalars() {
        var scalars = new HashMap<Class<?>, Scalar>();
        List.of(byte.class, Byte.class, short.class, Short.class).forEach(c -> scalars.put(c, Scalar.INT32));
        for (Scalar scalar : Scalar.values()) {
            scalars.put(scalar.type(), scalar);
            scalars.put(MethodType.methodType(scalar.type()).unwrap().returnType(), scalar);
        }
        return scalars;
    }

    ServiceContract read() {
        var contract = type.getAnnotation(Contract.class);
        if (contract == null) {
            throw rejected(List.of("it has no @Contract(name = …, version = …)"));
        }
        if (!type.isInterface() || type.isSealed() || type.isAnnotation()) {
            throw rejected(List.of("a contract is a plain (not sealed) interface"));
        }
        if (type.getTypeParameters().length > 0) {
            throw rejected(List.of("a contract has no type parameters: its clients could not know them"));
        }
        var name = checked("", () -> new ServiceName(contract.name()), new ServiceName("invalid"));
        var version = checked("", () -> Version.parse(contract.version()), new Version(0, 0, 0));
        var invalid = new ServiceCapability("invalid", "", version, false);
        var capabilities = Stream.of(contract.capabilities())
                .map(capability -> checked("", () -> capability(capability), invalid))
                .toList();
        var operations = operations();
        if (operations.isEmpty()) {
            problems.add("it has no operations: add at least one abstract method");
        }
        if (!problems.isEmpty()) {
            throw rejected(problems);
        }
        try {
            return new ServiceContract(name, version, description(type), capabilities, operations);
        } catch (IllegalArgumentException e) {
            throw rejected(List.of(String.valueOf(e.getMessage())));
        }
    }

    private ContractException rejected(List<String> reasons) {
        return new ContractException("contract " + type.getName(), reasons);
    }

    private <T> T checked(String where, Supplier<T> value, T otherwise) {
        try {
            return value.get();
        } catch (IllegalArgumentException e) {
            problems.add(where + e.getMessage());
            return otherwise;
        }
    }

    private static ServiceCapability capability(Capability capability) {
        return new ServiceCapability(
                capability.name(), capability.description(), Version.parse(capability.version()), capability.enabled());
    }

    private List<Operation> operations() {
        var byName = new TreeMap<String, Method>();
        for (Method method : type.getMethods()) {
            if (!Modifier.isAbstract(method.getModifiers()) || overridesObject(method)) {
                continue;
            }
            var other = byName.put(method.getName(), method);
            if (other != null && !Arrays.equals(other.getParameterTypes(), method.getParameterTypes())) {
                problems.add("method " + method.getName() + " is overloaded: operations are called by name alone,"
                        + " so give each its own");
            }
        }
        return byName.values().stream().map(this::operation).toList();
    }

    private static boolean overridesObject(Method method) {
        return Arrays.stream(Object.class.getMethods())
                .anyMatch(other -> other.getName().equals(method.getName())
                        && Arrays.equals(other.getParameterTypes(), method.getParameterTypes()));
    }

    private Operation operation(Method method) {
        String where = "method " + method.getName();
        if (method.getTypeParameters().length > 0) {
            problems.add(where + ": it has type parameters, which clients could not know");
        }
        for (Class<?> thrown : method.getExceptionTypes()) {
            if (thrown != InterruptedException.class && !RuntimeException.class.isAssignableFrom(thrown)) {
                problems.add(where + ": it throws " + thrown.getSimpleName()
                        + ", which cannot be sent: throw ServiceException with one of the sixteen codes");
            }
        }
        var parameters = Arrays.stream(method.getGenericParameterTypes())
                .map(JavaTypes::resolve)
                .toList();
        Type result = JavaTypes.resolve(method.getGenericReturnType());
        return new Operation(
                method.getName(),
                description(method),
                method.isAnnotationPresent(Idempotent.class),
                request(method.getParameters(), parameters, where),
                response(method, result, where),
                new Signature(parameters, result, partitionKey(method.getParameters(), parameters, where)));
    }

    private Optional<String> partitionKey(Parameter[] parameters, List<Type> types, String where) {
        var keys = new TreeMap<String, Type>(); // by path
        for (int i = 0; i < parameters.length; i++) {
            Parameter parameter = parameters[i];
            Type whole = types.get(i);
            if (parameter.isAnnotationPresent(PartitionKey.class)) {
                keys.put(parameter.getName(), whole);
            } else if (isRecord(whole)) {
                // A single record parameter is the message itself, so its name is not part of the path.
                String prefix = parameters.length == 1 ? "" : parameter.getName() + ".";
                Arrays.stream(JavaTypes.raw(whole).getRecordComponents())
                        .filter(component -> component.isAnnotationPresent(PartitionKey.class))
                        .forEach(component -> keys.put(prefix + component.getName(), JavaTypes.of(component, whole)));
            }
        }
        keys.forEach((path, declared) -> {
            if (!(JavaTypes.unwrapOptional(declared) instanceof Class<?> c && (SCALARS.containsKey(c) || c.isEnum()))) {
                problems.add(where + ": the @PartitionKey " + path + " is of type " + declared.getTypeName()
                        + ": a key is a scalar or an enum, such as one component of a record");
            }
        });
        if (keys.size() > 1) {
            problems.add(where + ": it has " + keys.size() + " partition keys, " + String.join(" and ", keys.keySet())
                    + ": annotate only one");
        }
        return keys.keySet().stream().findFirst();
    }

    private Structure request(Parameter[] parameters, List<Type> types, String where) {
        if (parameters.length == 1 && isRecord(types.getFirst())) {
            String place = where + ": parameter " + parameters[0].getName();
            if (nullable(parameters[0].getAnnotatedType(), parameters[0])) {
                problems.add(place + ": a single record parameter is the whole message and cannot be null");
            }
            return message(types.getFirst(), place);
        }
        var fields = new ArrayList<Field>();
        for (int i = 0; i < parameters.length; i++) {
            Parameter parameter = parameters[i];
            if (!parameter.isNamePresent()) {
                problems.add(where + ": parameter names are missing: compile the contract with javac -parameters");
                break;
            }
            fields.add(field(
                    parameter.getName(),
                    types.get(i),
                    nullable(parameter.getAnnotatedType(), parameter),
                    parameter,
                    where + ": parameter " + parameter.getName()));
        }
        return Structure.message(fields);
    }

    private Structure response(Method method, Type result, String where) {
        if (result == void.class || result == Void.class) {
            return Structure.message(List.of());
        }
        boolean nullable = nullable(method.getAnnotatedReturnType(), method);
        if (isRecord(result) && !nullable) {
            return message(result, where + ": result");
        }
        return Structure.message(
                List.of(field(Operation.RESULT, result, nullable, NO_ANNOTATIONS, where + ": result")));
    }

    private Structure message(Type record, String where) {
        return shape(record, where) instanceof Structure structure ? structure : Structure.message(List.of());
    }

    private Field field(String name, Type declared, boolean nullable, AnnotatedElement element, String where) {
        Type inner = JavaTypes.unwrapOptional(declared);
        boolean optional = !inner.equals(declared);
        var whenAbsent =
                Optional.ofNullable(element.getAnnotation(DefaultValue.class)).map(DefaultValue::value);
        if (nullable && declared instanceof Class<?> c && c.isPrimitive()) {
            problems.add(where + ": a primitive cannot be @Nullable");
        }
        if (optional && whenAbsent.isPresent()) {
            problems.add(where + ": it is Optional and has a default: choose one");
        }
        Shape shape = shape(inner, where);
        boolean required = !optional && !nullable && whenAbsent.isEmpty();
        String description = description(element);
        return checked(
                where + ": ",
                () -> new Field(name, shape, required, description, whenAbsent),
                new Field(name, shape, required, description, Optional.empty()));
    }

    private Shape shape(Type declared, String where) {
        return switch (declared) {
            case TypeVariable<?> variable -> reject(where, "the type variable " + variable + " has no value here");
            case GenericArrayType array -> new Sequence(shape(array.getGenericComponentType(), where));
            default -> shape(JavaTypes.raw(declared), declared, where);
        };
    }

    private Shape shape(Class<?> c, Type whole, String where) {
        Scalar scalar = SCALARS.get(c);
        if (scalar != null) {
            return scalar;
        }
        if (c.isArray()) {
            return new Sequence(shape(c.getComponentType(), where));
        }
        if (c.isEnum()) {
            claim(c.getSimpleName(), c, where);
            var values = Arrays.stream(c.getEnumConstants())
                    .map(constant -> ((Enum<?>) constant).name())
                    .toList();
            return new Enumeration(c.getSimpleName(), description(c), values);
        }
        if (c.isRecord()) {
            return structure(c, whole, where);
        }
        if (c.isSealed() && c.isInterface() && c == whole) {
            return choice(c, where);
        }
        if (c != whole && COLLECTIONS.contains(c)) {
            return new Sequence(shape(JavaTypes.argument(whole, 0), where + " (element)"));
        }
        if (c != whole && c == Map.class) {
            Type key = JavaTypes.argument(whole, 0);
            return key instanceof Class<?> type && (type == String.class || type.isEnum())
                    ? new Mapping(shape(JavaTypes.argument(whole, 1), where + " (value)"))
                    : reject(where, "the keys of a map are String or an enum, not " + key.getTypeName());
        }
        return reject(where, unsupported(c));
    }

    private static String unsupported(Class<?> c) {
        String name = "type " + c.getName();
        if (c == Object.class || c == void.class) {
            return "type " + c.getSimpleName() + " does not describe its values: use a record or a scalar";
        }
        if (c == Optional.class || !JavaTypes.unwrapOptional(c).equals(c)) {
            return "Optional is for a field, a parameter or a result, not for elements of a collection";
        }
        if (Future.class.isAssignableFrom(c) || CompletionStage.class.isAssignableFrom(c)) {
            return name + ": operations are blocking; clients that need a future use callAsync";
        }
        if (Collection.class.isAssignableFrom(c) || Map.class.isAssignableFrom(c)) {
            return name + ": use List, Set, Collection or Map with type arguments";
        }
        return name + " is not supported: use a record, an enum, a sealed interface with @Tagged, a collection, a map"
                + " or a scalar";
    }

    private Shape structure(Class<?> record, Type whole, String where) {
        if (open.contains(whole)) {
            return reject(where, "type " + record.getSimpleName() + " contains itself: messages are finite trees");
        }
        String name = shapeName(whole);
        claim(name, whole, where);
        open.add(whole);
        var fields = new ArrayList<Field>();
        for (RecordComponent component : record.getRecordComponents()) {
            fields.add(field(
                    component.getName(),
                    JavaTypes.of(component, whole),
                    nullable(component.getAnnotatedType(), component),
                    component,
                    where + " (" + record.getSimpleName() + "." + component.getName() + ")"));
        }
        open.remove(whole);
        return new Structure(name, description(record), fields);
    }

    private Shape choice(Class<?> sealed, String where) {
        var tagged = sealed.getAnnotation(Tagged.class);
        if (tagged == null) {
            return reject(
                    where,
                    "sealed interface " + sealed.getSimpleName()
                            + " needs @Tagged, which names the field that identifies the record");
        }
        claim(sealed.getSimpleName(), sealed, where);
        var options = new TreeMap<String, Choice.Option>(); // by simple name: reflection promises no declared order
        for (Class<?> option : sealed.getPermittedSubclasses()) {
            String name = option.getSimpleName();
            if (!option.isRecord()) {
                problems.add(where + ": " + name + " is not a record: a @Tagged interface permits records only");
            } else if (shape(option, where + " (" + name + ")") instanceof Structure structure) {
                options.put(name, new Choice.Option(JavaTypes.tag(option), structure));
            }
        }
        List<Choice.Option> all = List.copyOf(options.values());
        return checked(
                where + ": ",
                () -> new Choice(sealed.getSimpleName(), description(sealed), tagged.value(), all),
                Scalar.STRING);
    }

    /** Contract text, JSON Schema and OpenAPI refer to types by name, so that a name means one type in a contract. */
    private void claim(String name, Type owner, String where) {
        Type other = typesByName.putIfAbsent(name, owner);
        if (other != null && !other.equals(owner)) {
            problems.add(where + ": " + owner.getTypeName() + " and " + other.getTypeName()
                    + " have the same simple name; rename one");
        }
        if (!Character.isUpperCase(name.charAt(0))) {
            problems.add(where + ": the type name " + name + " must begin with a capital letter");
        }
    }

    private static String shapeName(Type whole) {
        return switch (whole) {
            case Class<?> c when c.isArray() -> shapeName(c.getComponentType()) + "s";
            case Class<?> c ->
                Character.toUpperCase(c.getSimpleName().charAt(0))
                        + c.getSimpleName().substring(1);
            case ParameterizedType p -> {
                var name = new StringBuilder(shapeName(p.getRawType())).append("Of");
                Arrays.stream(p.getActualTypeArguments())
                        .map(ContractReader::shapeName)
                        .forEach(name::append);
                yield name.toString();
            }
            case GenericArrayType a -> shapeName(a.getGenericComponentType()) + "s";
            default -> "Any";
        };
    }

    private Shape reject(String where, String reason) {
        problems.add(where + ": " + reason);
        return Scalar.STRING; // a placeholder, so that reading continues and finds every other problem
    }

    private static boolean isRecord(Type declared) {
        return (declared instanceof Class || declared instanceof ParameterizedType)
                && JavaTypes.raw(declared).isRecord();
    }

    /** Every annotation named Nullable counts, on the type or on the element, from any library. */
    private static boolean nullable(AnnotatedType annotated, AnnotatedElement element) {
        return Stream.of(annotated.getAnnotations(), element.getAnnotations())
                .flatMap(Arrays::stream)
                .anyMatch(annotation ->
                        annotation.annotationType().getSimpleName().equals("Nullable"));
    }

    private static String description(AnnotatedElement element) {
        var description = element.getAnnotation(Description.class);
        return description == null ? "" : description.value().strip();
    }
}
