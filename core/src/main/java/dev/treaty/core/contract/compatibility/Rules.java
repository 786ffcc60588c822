package dev.treaty.core.contract.compatibility;

import dev.treaty.core.contract.compatibility.Difference.Impact;
import dev.treaty.core.contract.compatibility.Difference.Kind;
import dev.treaty.core.contract.compatibility.Difference.Message;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The rules of compatibility: for each kind of difference, in each message, which clients it breaks and what to do. */
final class Rules {
    /**
     * Each rule has a key, the impact on old and on new clients, what is different, and the consequence. The key is a
     * kind, where VALUE stands for a value of an enum and for a record of a choice, and if they matter, the message and
     * whether the field is required.
     */
    private static final String TABLE = """
        SERVICE_RENAMED | ALL | ALL | the service is now called %s \
        | services are found by name, so it is another service to its clients. Serve both names until no client uses \
        the old one.
        OPERATION_REMOVED | ALL | NONE | the operation is gone \
        | old clients that call it get UNIMPLEMENTED. Keep it until no client calls it.
        OPERATION_ADDED | NONE | ALL | the operation is new \
        | old servers do not know it. Roll out the servers before the clients that call it.
        IDEMPOTENCY_WEAKENED | SOME | NONE | the operation is no longer idempotent \
        | old clients retry calls that may have run, so it may run twice. Keep it idempotent, or give the new \
        operation another name.
        IDEMPOTENCY_STRENGTHENED | NONE | SOME | the operation is idempotent now \
        | new clients retry calls that may have run, also at old servers, so it may run twice there. Roll out the \
        servers before the clients.
        RESULT_CHANGED | NONE | NONE | the operation returns %s in place of %s \
        | they have nothing in common. Add an operation with another name.
        FIELD_ADDED REQUEST required | ALL | ALL | it is new and required \
        | old clients do not send it. Make it optional, or give it a default with @DefaultValue.
        FIELD_ADDED REQUEST optional | NONE | SOME | it is new \
        | old servers reject requests that have it. Roll out the servers before the clients that send it.
        FIELD_ADDED RESPONSE required | NONE | ALL | it is new \
        | old clients skip it, but new clients require it, also of old servers. Roll out the servers before the \
        clients, or make it optional.
        FIELD_ADDED RESPONSE optional | NONE | NONE | it is new | old clients skip it.
        FIELD_REMOVED REQUEST required | ALL | ALL | it is gone \
        | old clients still send it, and servers reject unknown fields; old servers require it of new clients. Keep \
        it as an optional field until no client sends it.
        FIELD_REMOVED REQUEST optional | SOME | NONE | it is gone \
        | old clients still send it, and servers reject unknown fields. Keep it until no client sends it.
        FIELD_REMOVED RESPONSE required | ALL | NONE | it is gone \
        | old clients require it. Keep it until no client reads it.
        FIELD_REMOVED RESPONSE optional | NONE | NONE | it is gone | old clients work without it.
        FIELD_REQUIRED REQUEST | SOME | NONE | it is required now \
        | requests of old clients that omit it are rejected. Keep it optional, or give it a default with \
        @DefaultValue.
        FIELD_REQUIRED RESPONSE | NONE | SOME | it is required now \
        | new clients rely on it, but old servers may omit it. Roll out the servers before the clients.
        FIELD_OPTIONAL REQUEST | NONE | SOME | it is optional now \
        | old servers reject requests without it. Roll out the servers before the clients that omit it.
        FIELD_OPTIONAL RESPONSE | SOME | NONE | it is optional now \
        | old clients require it. Return it until all clients work without it.
        DEFAULT_CHANGED REQUEST | NONE | NONE | its default is %s in place of %s \
        | the version of the server decides which one applies.
        DEFAULT_CHANGED RESPONSE | NONE | NONE | its default is %s in place of %s \
        | the version of the client decides which one applies.
        TYPE_CHANGED | NONE | NONE | its type is %s in place of %s | %3$s
        TYPE_RENAMED | NONE | NONE | the type is now called %s | messages do not contain type names.
        TAG_CHANGED | ALL | ALL | its tag is "%1$s" in place of "%2$s" \
        | readers of the other version do not find it. Keep "%2$s".
        VALUE_REMOVED REQUEST | SOME | NONE | it no longer has %s \
        | old clients may still send it, and it is rejected. Keep it until no client sends it.
        VALUE_REMOVED RESPONSE | NONE | SOME | it no longer has %s \
        | new clients reject it, and old servers may still return it. Roll out the servers before the clients.
        VALUE_ADDED REQUEST | NONE | SOME | it also has %s \
        | old servers reject it. Roll out the servers before the clients that send it.
        VALUE_ADDED RESPONSE | SOME | NONE | it also has %s \
        | old clients reject a response with it. Return it only to clients that ask for it in a new field or \
        operation, until all clients have been upgraded.
        CAPABILITY_REMOVED | SOME | NONE | the capability is gone \
        | clients that require it call only servers that offer it. Keep it until no client requires it, or disable \
        it first.
        CAPABILITY_OFF | NONE | NONE | the capability is disabled \
        | clients that require it call only servers that offer it.
        CAPABILITY_ADDED | NONE | NONE | the capability is new \
        | clients that require it call only servers that offer it.
        """;

    private record Rule(String key, Impact oldClients, Impact newClients, String change, String consequence) {
        static Rule parse(String line) {
            String[] columns = line.split(" \\| ", 5);
            return new Rule(columns[0], Impact.valueOf(columns[1]), Impact.valueOf(columns[2]), columns[3], columns[4]);
        }
    }

    private static final Map<String, Rule> BY_KEY =
            TABLE.lines().map(Rule::parse).collect(Collectors.toMap(Rule::key, Function.identity()));

    private Rules() {}

    /** A difference of the service, an operation or a capability. */
    static Difference difference(Kind kind, String where, Object... arguments) {
        return difference(kind, Message.NONE, where, false, arguments);
    }

    /**
     * A difference in a message.
     *
     * @param required whether the field is required, if it is about a field
     * @param arguments the values that the texts of the rule name
     */
    static Difference difference(Kind kind, Message message, String where, boolean required, Object... arguments) {
        String name = switch (kind) {
            case ENUM_VALUE_REMOVED, OPTION_REMOVED -> "VALUE_REMOVED";
            case ENUM_VALUE_ADDED, OPTION_ADDED -> "VALUE_ADDED";
            default -> kind.name();
        };
        String inMessage = name + " " + message;
        Rule rule = Stream.of(inMessage + (required ? " required" : " optional"), inMessage, name)
                .map(BY_KEY::get)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow();
        return new Difference(
                kind,
                message,
                where,
                List.of(),
                rule.oldClients,
                rule.newClients,
                rule.change.formatted(arguments),
                rule.consequence.formatted(arguments));
    }
}
