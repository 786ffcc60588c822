package dev.treaty.http;

import dev.treaty.core.contract.Field;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Shape;
import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Enumeration;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import dev.treaty.core.contract.Signature;
import dev.treaty.core.contract.Version;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** Contracts at random, contracts that are like another but for a few changes, and messages that keep them. */
final class RandomContracts {
    private static final int DEPTH_MAX = 3;

    private static final List<Scalar> SCALARS = List.of(Scalar.values());

    private final RandomGenerator random;
    private int names;

    RandomContracts(RandomGenerator random) {
        this.random = random;
    }

    ServiceContract contract() {
        return contract(new Version(1, 0, 0), operation());
    }

    private static ServiceContract contract(Version version, Operation operation) {
        return new ServiceContract(new ServiceName("test.Service"), version, "", List.of(), List.of(operation));
    }

    private Operation operation() {
        Structure response = random.nextBoolean() ? structure("Response", 0) : wrapped(shape(0));
        return new Operation("work", "", random.nextBoolean(), structure("", 0), response, Signature.DYNAMIC);
    }

    /** A result that is no record, or that may be absent, is the one field of a message. */
    private Structure wrapped(Shape shape) {
        boolean required = !(shape instanceof Structure) && !oneOf(3);
        return new Structure("", "", List.of(new Field(Operation.RESULT, shape, required, "", Optional.empty())));
    }

    private boolean oneOf(int many) {
        return random.nextInt(many) == 0;
    }

    private String name(String prefix) {
        return prefix + names++;
    }

    private Shape shape(int depth) {
        return switch (depth >= DEPTH_MAX ? random.nextInt(2) : random.nextInt(7)) {
            case 0 -> scalar();
            case 1 -> new Enumeration(name("Enum"), "", List.of("A", "B", "C").subList(0, 1 + random.nextInt(3)));
            case 2 -> new Sequence(shape(depth + 1));
            case 3 -> new Mapping(shape(depth + 1));
            case 4 -> choice(depth);
            default -> structure(name("Record"), depth + 1);
        };
    }

    private Scalar scalar() {
        return SCALARS.get(random.nextInt(SCALARS.size()));
    }

    private Choice choice(int depth) {
        var options = new ArrayList<Choice.Option>();
        for (int i = 0; i <= random.nextInt(3); i++) {
            options.add(new Choice.Option("t" + i, structure(name("Option"), depth + 1)));
        }
        return new Choice(name("Choice"), "", "kind", options);
    }

    private Structure structure(String name, int depth) {
        var fields = new ArrayList<Field>();
        for (int i = 0; i < random.nextInt(4); i++) {
            fields.add(new Field("f" + i, shape(depth), !oneOf(3), "", Optional.empty()));
        }
        return new Structure(name, "", fields);
    }

    /** The same contract but for a few changes, most of which a careful person would make. */
    ServiceContract changed(ServiceContract contract) {
        Operation one = contract.operations().getFirst();
        Structure request = one.request();
        Structure response = one.response();
        for (int i = 0; i <= random.nextInt(2); i++) {
            if (random.nextBoolean()) {
                request = (Structure) changed(request, 0);
            } else {
                response = response.anonymous()
                        ? oneOf(6)
                                ? structure("Response", 0)
                                : wrapped(changed(response.fields().getFirst().shape(), 0))
                        : oneOf(6) ? wrapped(shape(0)) : (Structure) changed(response, 0);
            }
        }
        boolean idempotent = oneOf(8) ? !one.idempotent() : one.idempotent();
        return contract(
                new Version(1, 1, 0), new Operation(one.name(), "", idempotent, request, response, Signature.DYNAMIC));
    }

    private Shape changed(Shape shape, int depth) {
        return switch (shape) {
            case Structure s when s.fields().isEmpty() || oneOf(3) -> members(s, depth);
            case Structure s -> inside(s, depth);
            case Sequence(var element) -> oneOf(6) ? scalar() : new Sequence(changed(element, depth));
            case Mapping(var value) -> oneOf(6) ? new Sequence(value) : new Mapping(changed(value, depth));
            case Enumeration e -> oneOf(4) ? scalar() : values(e);
            case Choice c -> choice(c, depth);
            case Scalar _ -> oneOf(4) ? shape(depth) : scalar();
        };
    }

    private Structure members(Structure s, int depth) {
        var fields = new ArrayList<>(s.fields());
        if (fields.isEmpty() || random.nextBoolean()) {
            fields.add(
                    random.nextInt(fields.size() + 1),
                    new Field(name("g"), shape(depth), oneOf(3), "", Optional.empty()));
        } else if (oneOf(3)) {
            int index = random.nextInt(fields.size());
            Field f = fields.get(index);
            fields.set(index, new Field(f.name() + "x", f.shape(), f.required(), "", Optional.empty()));
        } else {
            fields.remove(random.nextInt(fields.size()));
        }
        return new Structure(s.name(), "", fields);
    }

    private Structure inside(Structure s, int depth) {
        var fields = new ArrayList<>(s.fields());
        int index = random.nextInt(fields.size());
        Field f = fields.get(index);
        fields.set(
                index,
                oneOf(4)
                        ? new Field(f.name(), f.shape(), !f.required(), "", Optional.empty())
                        : new Field(f.name(), changed(f.shape(), depth + 1), f.required(), "", Optional.empty()));
        return new Structure(s.name(), "", fields);
    }

    private Enumeration values(Enumeration e) {
        var values = new ArrayList<>(e.values());
        if (values.size() > 1 && random.nextBoolean()) {
            values.remove(random.nextInt(values.size()));
        } else {
            values.add(name("V"));
        }
        return new Enumeration(e.name(), "", values);
    }

    private Choice choice(Choice c, int depth) {
        var options = new ArrayList<>(c.options());
        int index = random.nextInt(options.size());
        Choice.Option option = options.get(index);
        switch (random.nextInt(5)) {
            case 0 -> options.add(new Choice.Option(name("t"), structure(name("Option"), depth + 1)));
            case 1 -> {
                if (options.size() > 1) {
                    options.remove(index);
                }
            }
            case 2 -> {
                return new Choice(c.name(), "", "sort", c.options());
            }
            default ->
                options.set(index, new Choice.Option(option.tag(), (Structure) changed(option.structure(), depth + 1)));
        }
        return new Choice(c.name(), "", c.tag(), options);
    }

    /** A message of that structure, as callers without Java types have it. */
    Map<String, Object> message(Structure structure) {
        var message = new LinkedHashMap<String, Object>();
        for (Field field : structure.fields()) {
            if (field.required() || random.nextBoolean()) {
                message.put(field.name(), value(field.shape()));
            }
        }
        return message;
    }

    private Object value(Shape shape) {
        return switch (shape) {
            case Scalar scalar -> value(scalar);
            case Enumeration e -> e.values().get(random.nextInt(e.values().size()));
            case Sequence(var element) -> {
                var list = new ArrayList<>();
                for (int i = 0; i < random.nextInt(3); i++) {
                    list.add(value(element));
                }
                yield list;
            }
            case Mapping(var value) -> {
                var map = new LinkedHashMap<String, Object>();
                for (int i = 0; i < random.nextInt(3); i++) {
                    map.put("k" + i, value(value));
                }
                yield map;
            }
            case Structure s -> message(s);
            case Choice c -> {
                Choice.Option option =
                        c.options().get(random.nextInt(c.options().size()));
                var map = new LinkedHashMap<String, Object>();
                map.put(c.tag(), option.tag());
                map.putAll(message(option.structure()));
                yield map;
            }
        };
    }

    private Object value(Scalar scalar) {
        Instant instant = Instant.ofEpochSecond(random.nextLong(-50_000_000_000L, 50_000_000_000L), random.nextInt(3));
        LocalDateTime local = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
        return switch (scalar) {
            case STRING -> "text " + random.nextInt();
            case BOOLEAN -> random.nextBoolean();
            case INT32 -> random.nextInt();
            case INT64 -> random.nextLong();
            case INTEGER -> new BigInteger(random.nextInt(1, 200), new java.util.Random(random.nextLong()));
            case DECIMAL -> new BigDecimal(BigInteger.valueOf(random.nextLong()), random.nextInt(-20, 20));
            case FLOAT32 -> random.nextFloat(-1e30f, 1e30f);
            case FLOAT64 -> random.nextDouble(-1e300, 1e300);
            case BYTES -> Base64.getEncoder().encodeToString(("" + random.nextInt()).getBytes(StandardCharsets.UTF_8));
            case INSTANT -> instant.toString();
            case DATE -> local.toLocalDate().toString();
            case TIME -> local.toLocalTime().toString();
            case DATETIME -> local.toString();
            case TIMESTAMP ->
                local.atOffset(ZoneOffset.ofHours(random.nextInt(-9, 9))).toString();
            case DURATION -> Duration.ofMillis(random.nextInt()).toString();
            case UUID -> new UUID(random.nextLong(), random.nextLong()).toString();
            case URI -> "https://example.org/" + random.nextInt(1000);
        };
    }
}
