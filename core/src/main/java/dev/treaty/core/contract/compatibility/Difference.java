package dev.treaty.core.contract.compatibility;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * One difference between two versions of a contract, and which clients it breaks. Old clients are built for the older
 * version and call servers of the newer one; new clients call servers of the older one.
 *
 * @param kind what kind of difference it is
 * @param message which message has it
 * @param where the operation, field, type or capability, such as {@code place}, {@code limit} or {@code Line.quantity}
 * @param operations the operations whose calls it affects; empty if it concerns the service or a capability
 * @param oldClients how many calls of old clients fail
 * @param newClients how many calls of new clients fail
 * @param change what is different
 * @param consequence what follows from it, and what to do
 */
public record Difference(
        Kind kind,
        Message message,
        String where,
        List<String> operations,
        Impact oldClients,
        Impact newClients,
        String change,
        String consequence) {

    /** The maximum number of operations that {@link #toString()} names. */
    private static final int OPERATIONS_LISTED_MAX = 4;

    /** Copies the list. */
    public Difference {
        operations = List.copyOf(operations);
    }

    /** How many calls of an operation fail because of a difference: none, some or all. */
    public enum Impact {
        /** None. */
        NONE,
        /** Some: for example those that omit a field, contain a certain value, or are retried. */
        SOME,
        /** All of them. */
        ALL;

        /** Returns the greater of the two. */
        public Impact or(Impact other) {
            return compareTo(other) >= 0 ? this : other;
        }

        /** Returns the impact of the same difference in an optional part of a message. */
        Impact inPart() {
            return this == ALL ? SOME : this;
        }

        /** Returns the impact of the same difference in every message. */
        Impact inAll() {
            return this == SOME ? ALL : this;
        }
    }

    /** The message that a difference is in: the request or the response. */
    public enum Message {
        /** What clients send. */
        REQUEST,
        /** What servers return. */
        RESPONSE,
        /** Neither: an operation as a whole, or a capability. */
        NONE
    }

    /** The kinds of differences between two versions of a contract. */
    public enum Kind {
        /** The service has another name. */
        SERVICE_RENAMED,
        /** An operation was removed. */
        OPERATION_REMOVED,
        /** An operation was added. */
        OPERATION_ADDED,
        /** An operation is no longer idempotent. */
        IDEMPOTENCY_WEAKENED,
        /** An operation has become idempotent. */
        IDEMPOTENCY_STRENGTHENED,
        /** A field was removed. */
        FIELD_REMOVED,
        /** A field was added. */
        FIELD_ADDED,
        /** An optional field became required. */
        FIELD_REQUIRED,
        /** A required field became optional. */
        FIELD_OPTIONAL,
        /** A field has another default. */
        DEFAULT_CHANGED,
        /** A value has another shape. */
        TYPE_CHANGED,
        /** A record, enum or choice has another name, which is not part of messages. */
        TYPE_RENAMED,
        /** An operation returns another kind of result: a record in place of a wrapped value, or the reverse. */
        RESULT_CHANGED,
        /** An enum lost a value. */
        ENUM_VALUE_REMOVED,
        /** An enum has a new value. */
        ENUM_VALUE_ADDED,
        /** A choice lost one of its records. */
        OPTION_REMOVED,
        /** A choice has a new record. */
        OPTION_ADDED,
        /** Another field identifies the records of a choice. */
        TAG_CHANGED,
        /** A capability was removed. */
        CAPABILITY_REMOVED,
        /** A capability was disabled. */
        CAPABILITY_OFF,
        /** A capability was added or enabled. */
        CAPABILITY_ADDED;

        /** The name in lower case with dashes, as in JSON. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Returns true if calls of old clients to new servers fail. */
    public boolean breaksOldClients() {
        return oldClients != Impact.NONE;
    }

    /** Returns true if calls of new clients to old servers fail. */
    public boolean breaksNewClients() {
        return newClients != Impact.NONE;
    }

    /** What is different, what follows from it, and what to do. */
    public String text() {
        return change + ": " + consequence;
    }

    /** What is different and where, such as {@code "limit" in requests of list, find: it is new}. */
    public String summary() {
        String listed = operations.stream().limit(OPERATIONS_LISTED_MAX).collect(Collectors.joining(", "));
        int more = operations.size() - OPERATIONS_LISTED_MAX;
        String place = switch (message) {
            case REQUEST -> " in requests of " + listed;
            case RESPONSE -> " in responses of " + listed;
            case NONE -> "";
        };
        return "\"" + where + "\"" + place + (more > 0 && message != Message.NONE ? " and " + more + " more" : "")
                + ": " + change;
    }

    /** The {@link #summary()} with its consequence. */
    @Override
    public String toString() {
        return summary() + ": " + consequence;
    }

    /** The same difference in an optional part of a message. */
    Difference inPart() {
        return withImpact(oldClients.inPart(), newClients.inPart());
    }

    /** The same difference if every message has it. */
    Difference inAll() {
        return withImpact(oldClients.inAll(), newClients.inAll());
    }

    Difference withImpact(Impact old, Impact fresh) {
        return new Difference(kind, message, where, operations, old, fresh, change, consequence);
    }

    Difference withOperations(List<String> affected) {
        return new Difference(kind, message, where, affected, oldClients, newClients, change, consequence);
    }
}
