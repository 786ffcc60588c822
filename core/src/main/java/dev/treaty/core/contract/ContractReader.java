package dev.treaty.core.contract;

import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads a Java interface into a {@link ServiceContract}, collecting everything that keeps it from travelling. */
final class ContractReader {
    private static final Map<Class<?>, Scalar> SCALARS = Map.ofEntries(
            Map.entry(String.class, Scalar.STRING),
            Map.entry(boolean.class, Scalar.BOOLEAN),
            Map.entry(Boolean.class, Scalar.BOOLEAN),
            Map.entry(byte.class, Scalar.INT32),
            Map.entry(Byte.class, Scalar.INT32),
            Map.entry(short.class, Scalar.INT32),
            Map.entry(Short.class, Scalar.INT32),
            Map.entry(int.class, Scalar.INT32),
            Map.entry(Integer.class, Scalar.INT32),
            Map.entry(long.class, Scalar.INT64),
            Map.entry(Long.class, Scalar.INT64),
            Map.entry(float.class, Scalar.FLOAT32),
            Map.entry(Float.class, Scalar.FLOAT32),
            Map.entry(double.class, Scalar.FLOAT64),
            Map.entry(Double.class, Scalar.FLOAT64),
            Map.entry(BigInteger.class, Scalar.INTEGER),
            Map.entry(BigDecimal.class, Scalar.DECIMAL),
            Map.entry(byte[].class, Scalar.BYTES),
            Map.entry(Instant.class, Scalar.INSTANT),
            Map.entry(LocalDate.class, Scalar.DATE),
            Map.entry(LocalTime.class, Scalar.TIME),
            Map.entry(LocalDateTime.class, Scalar.DATETIME),
            Map.entry(OffsetDateTime.class, Scalar.TIMESTAMP),
            Map.entry(Duration.class, Scalar.DURATION),
            Map.entry(UUID.class, Scalar.UUID),
            Map.entry(URI.class, Scalar.URI));

    private static final Map<Class<?>, Class<?>> PRIMITIVE_OPTIONALS =
            Map.of(OptionalInt.class, int.class, OptionalLong.class, long.class, OptionalDouble.class, double.class);

    private final Class<?> type;
    private final List<String> problems = new ArrayList<>();
    private final Map<String, Type> named = new HashMap<>();
    private final List<Type> open = new ArrayList<>();

    ContractReader(Class<?> type) {
        this.type = type;
    }

    ServiceContract read() {
        var contract = type.getAnnotation(Contract.class);
        if (contract == null) {
            throw refusal(List.of("it has no @Contract(name = …, version = …)"));
        }
        if (!type.isInterface() || type.isSealed() || type.isAnnotation()) {
            throw refusal(List.of("a contract is a plain (not sealed) interface"));
        }
        if (type.getTypeParameters().length > 0) {
            throw refusal(List.of("a contract has no type parameters: callers could not know them"));
        }
        var name = checked(() -> new ServiceName(contract.name()), new ServiceName("unnamed"));
        var version = checked(() -> Version.parse(contract.version()), new Version(0, 0, 0));
        var capabilities = new ArrayList<ServiceCapability>();
        for (Capability c : contract.capabilities()) {
            capabilities.add(checked(
                    () -> new ServiceCapability(c.name(), c.description(), Version.parse(c.version()), c.enabled()),
                    new ServiceCapability("unnamed", "", version, false)));
        }
        var operations = operations();
        if (operations.isEmpty() && problems.isEmpty()) {
            problems.add("it has no operations: add at least one abstract method");
        }
        if (!problems.isEmpty()) {
            throw refusal(problems);
        }
        return checkedContract(new ServiceContractParts(name, version, capabilities, operations));
    }

    private record ServiceContractParts(
            ServiceName name, Version version, List<ServiceCapability> capabilities, List<Operation> operations) {}

    private ServiceContract checkedContract(ServiceContractParts parts) {
        try {
            return new ServiceContract(
                    parts.name, parts.version, description(type), parts.capabilities, parts.operations);
        } catch (IllegalArgumentException e) {
            throw refusal(List.of(String.valueOf(e.getMessage())));
        }
    }

    private ContractException refusal(List<String> reasons) {
        return new ContractException("contract " + type.getName(), reasons);
    }

    private <T> T checked(Supplier<T> value, T otherwise) {
        try {
            return value.get();
        } catch (IllegalArgumentException e) {
            problems.add(String.valueOf(e.getMessage()));
            return otherwise;
        }
    }

    private List<Operation> operations() {
        var byName = new TreeMap<String, Method>();
        for (Method method : type.getMethods()) {
            if (!Modifier.isAbstract(method.getModifiers()) || overridesObject(method)) {
                continue;
            }
            var twin = byName.put(method.getName(), method);
            if (twin != null && !Arrays.equals(twin.getParameterTypes(), method.getParameterTypes())) {
                problems.add("method " + method.getName() + " is overloaded: operations are told apart by name alone,"
                        + " so give each its own");
            }
        }
        return byName.values().stream().map(this::operation).toList();
    }

    private static boolean overridesObject(Method method) {
        try {
            Object.class.getMethod(method.getName(), method.getParameterTypes());
            return true;
        } catch (NoSuchMethodException e) {
            return false;
        }
    }

    private Operation operation(Method method) {
        String where = "method " + method.getName();
        if (method.getTypeParameters().length > 0) {
            problems.add(where + ": it has type parameters, which callers could not know");
        }
        for (Class<?> thrown : method.getExceptionTypes()) {
            if (thrown != InterruptedException.class && !RuntimeException.class.isAssignableFrom(thrown)) {
                problems.add(where + ": it throws " + thrown.getSimpleName()
                        + ", which cannot travel: throw ServiceException with one of the sixteen codes");
            }
        }
        return new Operation(
                method.getName(),
                description(method),
                method.isAnnotationPresent(Idempotent.class),
                request(method, where),
                response(method, where),
                new Signature(
                        List.of(method.getGenericParameterTypes()),
                        method.getGenericReturnType(),
                        partitionKey(method, where)));
    }

    private Optional<String> partitionKey(Method method, String where) {
        var paths = new ArrayList<String>();
        Parameter[] parameters = method.getParameters();
        for (Parameter parameter : parameters) {
            boolean record = isRecord(parameter.getParameterizedType());
            if (parameter.isAnnotationPresent(PartitionKey.class)) {
                paths.add(parameter.getName());
                if (record) {
                    problems.add(where + ": @PartitionKey on the record " + parameter.getName()
                            + " would make a key of all its parts: put it on one of its components");
                }
            } else if (record && parameter.getType().isRecord()) {
                // The one record parameter is the message itself, so its name is no part of the path.
                String prefix = parameters.length == 1 ? "" : parameter.getName() + ".";
                for (RecordComponent component : parameter.getType().getRecordComponents()) {
                    if (component.isAnnotationPresent(PartitionKey.class)) {
                        paths.add(prefix + component.getName());
                    }
                }
            }
        }
        if (paths.size() > 1) {
            problems.add(where + ": it has " + paths.size() + " partition keys, " + String.join(" and ", paths)
                    + ": one decides");
        }
        return paths.stream().findFirst();
    }

    private Structure request(Method method, String where) {
        Parameter[] parameters = method.getParameters();
        if (parameters.length == 1 && isRecord(parameters[0].getParameterizedType())) {
            String place = where + ": parameter " + parameters[0].getName();
            if (nullable(parameters[0].getAnnotatedType(), parameters[0])) {
                problems.add(place + ": the one record parameter is the whole message and cannot be left out");
            }
            return shape(parameters[0].getParameterizedType(), place) instanceof Structure structure
                    ? structure
                    : new Structure("", "", List.of());
        }
        var fields = new ArrayList<Field>();
        for (Parameter parameter : parameters) {
            if (!parameter.isNamePresent()) {
                problems.add(where + ": parameter names are missing: compile the contract with javac -parameters");
                break;
            }
            fields.add(field(
                    parameter.getName(),
                    parameter.getParameterizedType(),
                    nullable(parameter.getAnnotatedType(), parameter),
                    parameter,
                    where + ": parameter " + parameter.getName()));
        }
        return new Structure("", "", fields);
    }

    private Structure response(Method method, String where) {
        Type result = method.getGenericReturnType();
        if (result == void.class || result == Void.class) {
            return new Structure("", "", List.of());
        }
        boolean nullable = nullable(method.getAnnotatedReturnType(), method);
        if (isRecord(result) && !nullable) {
            return shape(result, where + ": result") instanceof Structure structure
                    ? structure
                    : new Structure("", "", List.of());
        }
        return new Structure("", "", List.of(field(Operation.RESULT, result, nullable, NOTHING, where + ": result")));
    }

    private static final AnnotatedElement NOTHING = new AnnotatedElement() {
        @Override
        public <T extends Annotation> @Nullable T getAnnotation(Class<T> annotation) {
            return null;
        }

        @Override
        public Annotation[] getAnnotations() {
            return new Annotation[0];
        }

        @Override
        public Annotation[] getDeclaredAnnotations() {
            return new Annotation[0];
        }
    };

    private Field field(String name, Type declared, boolean nullable, AnnotatedElement notes, String where) {
        Type inner = unwrapOptional(declared);
        boolean optional = !inner.equals(declared);
        var whenAbsent =
                Optional.ofNullable(notes.getAnnotation(DefaultValue.class)).map(DefaultValue::value);
        if (nullable && declared instanceof Class<?> c && c.isPrimitive()) {
            problems.add(where + ": a primitive cannot be @Nullable");
        }
        if (optional && whenAbsent.isPresent()) {
            problems.add(where + ": it is Optional and has a default: choose one");
        }
        Shape shape = shape(inner, where);
        whenAbsent
                .flatMap(text -> DefaultValueCheck.problem(shape, text))
                .ifPresent(p -> problems.add(where + ": " + p));
        boolean required = !optional && !nullable && whenAbsent.isEmpty();
        return new Field(name, shape, required, description(notes), whenAbsent);
    }

    private static Type unwrapOptional(Type declared) {
        if (declared instanceof ParameterizedType p && p.getRawType() == Optional.class) {
            return p.getActualTypeArguments()[0];
        }
        Class<?> primitive = declared instanceof Class<?> c ? PRIMITIVE_OPTIONALS.get(c) : null;
        return primitive == null ? declared : primitive;
    }

    private Shape shape(Type declared, String where) {
        return switch (declared) {
            case Class<?> c -> classShape(c, where);
            case ParameterizedType p -> genericShape(p, where);
            case GenericArrayType a -> new Sequence(shape(a.getGenericComponentType(), where));
            case WildcardType w -> shape(w.getUpperBounds()[0], where);
            case TypeVariable<?> v -> refuse(where, "the type variable " + v + " is not known here");
            default -> refuse(where, "type " + declared + " is not supported");
        };
    }

    private Shape classShape(Class<?> c, String where) {
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
                    .map(v -> ((Enum<?>) v).name())
                    .toList();
            return new Enumeration(c.getSimpleName(), description(c), values);
        }
        if (c.isRecord()) {
            return structure(c, Map.of(), c, where);
        }
        if (c.isSealed() && c.isInterface()) {
            return choice(c, where);
        }
        return refuse(where, unsupported(c));
    }

    private static String unsupported(Class<?> c) {
        String name = c.getName();
        if (c == Object.class || c == void.class) {
            return "type " + c.getSimpleName() + " says nothing about what travels: use a record or a scalar";
        }
        if (c == Optional.class || PRIMITIVE_OPTIONALS.containsKey(c)) {
            return "Optional is for a field, a parameter or a result, not for elements of a collection";
        }
        if (Future.class.isAssignableFrom(c) || CompletionStage.class.isAssignableFrom(c)) {
            return "type " + name + ": operations are written blocking; a caller who wants a future uses callAsync";
        }
        if (Collection.class.isAssignableFrom(c) || Map.class.isAssignableFrom(c)) {
            return "type " + name + ": use List, Set, Collection or Map with type arguments";
        }
        return "type " + name + " is not supported: use a record, an enum, a sealed interface with @Tagged,"
                + " a collection, a map or a scalar";
    }

    private Shape genericShape(ParameterizedType p, String where) {
        Class<?> raw = (Class<?>) p.getRawType();
        Type[] arguments = p.getActualTypeArguments();
        if (raw == List.class || raw == Set.class || raw == Collection.class || raw == Iterable.class) {
            return new Sequence(shape(arguments[0], where + " (element)"));
        }
        if (raw == Map.class) {
            if (!(arguments[0] instanceof Class<?> key && (key == String.class || key.isEnum()))) {
                return refuse(where, "the keys of a map are String or an enum, not " + arguments[0].getTypeName());
            }
            return new Mapping(shape(arguments[1], where + " (value)"));
        }
        if (raw.isRecord()) {
            var bound = new HashMap<TypeVariable<?>, Type>();
            TypeVariable<?>[] variables = raw.getTypeParameters();
            for (int i = 0; i < variables.length; i++) {
                bound.put(variables[i], arguments[i]);
            }
            return structure(raw, bound, p, where);
        }
        return refuse(where, unsupported(raw));
    }

    private Shape structure(Class<?> record, Map<TypeVariable<?>, Type> bound, Type whole, String where) {
        if (open.contains(whole)) {
            return refuse(where, "type " + record.getSimpleName() + " contains itself: shapes on the wire are finite");
        }
        String name = shapeName(whole);
        claim(name, whole, where);
        open.add(whole);
        try {
            var fields = new ArrayList<Field>();
            for (RecordComponent component : record.getRecordComponents()) {
                fields.add(field(
                        component.getName(),
                        substitute(component.getGenericType(), bound),
                        nullable(component.getAnnotatedType(), component),
                        component,
                        where + " (" + record.getSimpleName() + "." + component.getName() + ")"));
            }
            return new Structure(name, description(record), fields);
        } finally {
            open.remove(whole);
        }
    }

    private Shape choice(Class<?> sealed, String where) {
        var tagged = sealed.getAnnotation(Tagged.class);
        if (tagged == null) {
            return refuse(
                    where,
                    "sealed interface " + sealed.getSimpleName()
                            + " needs @Tagged, which names the field that tells its records apart");
        }
        claim(sealed.getSimpleName(), sealed, where);
        var options = new ArrayList<Choice.Option>();
        var records = new ArrayList<>(List.of(sealed.getPermittedSubclasses()));
        records.sort(Comparator.comparing(Class::getSimpleName)); // the declared order is not promised by reflection
        for (Class<?> option : records) {
            if (!option.isRecord()) {
                problems.add(
                        where + ": " + option.getSimpleName() + " is no record; a @Tagged interface permits records");
                continue;
            }
            var tag = option.getAnnotation(Tag.class);
            String text = tag == null ? option.getSimpleName() : tag.value();
            if (shape(option, where + " (" + option.getSimpleName() + ")") instanceof Structure structure) {
                if (structure.field(tagged.value()).isPresent()) {
                    problems.add(where + ": " + option.getSimpleName() + " has a field \"" + tagged.value()
                            + "\", which is the tag's name");
                }
                if (options.stream().anyMatch(o -> o.tag().equals(text))) {
                    problems.add(where + ": two records have the tag \"" + text + "\"");
                }
                options.add(new Choice.Option(text, structure));
            }
        }
        return new Choice(sealed.getSimpleName(), description(sealed), tagged.value(), options);
    }

    /** Names are shared by contract text, JSON Schema and OpenAPI, so one name means one type in a contract. */
    private void claim(String name, Type owner, String where) {
        Type other = named.putIfAbsent(name, owner);
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
            case Class<?> c -> c.isArray() ? shapeName(c.getComponentType()) + "s" : capital(c.getSimpleName());
            case ParameterizedType p -> {
                var name = new StringBuilder(shapeName(p.getRawType())).append("Of");
                for (Type argument : p.getActualTypeArguments()) {
                    name.append(shapeName(argument));
                }
                yield name.toString();
            }
            default -> "Any";
        };
    }

    private static String capital(String name) {
        return Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }

    private static Type substitute(Type declared, Map<TypeVariable<?>, Type> bound) {
        return switch (declared) {
            case TypeVariable<?> v -> bound.getOrDefault(v, v);
            case ParameterizedType p -> {
                Type[] arguments = p.getActualTypeArguments();
                Arrays.setAll(arguments, i -> substitute(arguments[i], bound));
                yield new Bound(p, List.of(arguments));
            }
            case GenericArrayType a -> {
                Type component = substitute(a.getGenericComponentType(), bound);
                yield component instanceof Class<?> c ? Array.newInstance(c, 0).getClass() : a;
            }
            default -> declared;
        };
    }

    /** A parameterised type whose variables have been replaced. */
    private record Bound(ParameterizedType origin, List<Type> arguments) implements ParameterizedType {
        @Override
        public Type[] getActualTypeArguments() {
            return arguments.toArray(Type[]::new);
        }

        @Override
        public Type getRawType() {
            return origin.getRawType();
        }

        @Override
        public @Nullable Type getOwnerType() {
            return origin.getOwnerType();
        }
    }

    private Shape refuse(String where, String reason) {
        problems.add(where + ": " + reason);
        return Scalar.STRING; // stands in so that reading can go on and name every other problem too
    }

    private static boolean isRecord(Type declared) {
        return (declared instanceof Class<?> c && c.isRecord())
                || (declared instanceof ParameterizedType p && p.getRawType() instanceof Class<?> r && r.isRecord());
    }

    /** Any annotation named Nullable counts, on the type or on the element, whoever declared it. */
    private static boolean nullable(AnnotatedType annotated, AnnotatedElement element) {
        return named("Nullable", annotated.getAnnotations()) || named("Nullable", element.getAnnotations());
    }

    private static boolean named(String name, Annotation[] annotations) {
        return Arrays.stream(annotations)
                .anyMatch(a -> a.annotationType().getSimpleName().equals(name));
    }

    private static String description(AnnotatedElement element) {
        var description = element.getAnnotation(Description.class);
        return description == null ? "" : description.value().strip();
    }
}
