package dev.treaty.core.contract;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * One thing that two versions of a contract promise differently, and whom it hurts.
 *
 * @param kind what it is
 * @param message where it was found
 * @param where the operation, field, type or capability, such as {@code place}, {@code limit} or {@code Line.quantity}
 * @param operations the operations whose calls it touches; empty where it is about none
 * @param oldClients what becomes of calls of clients of the older version to servers of the newer one
 * @param newClients what becomes of calls of clients of the newer version to servers of the older one
 * @param text what is different, what follows from it, and what to do about it
 */
public record Difference(
        Kind kind,
        Message message,
        String where,
        List<String> operations,
        Impact oldClients,
        Impact newClients,
        String text) {

    /** How many operations {@link #toString()} names. */
    private static final int OPERATIONS_TOLD = 4;

    /** Copies the list. */
    public Difference {
        operations = List.copyOf(operations);
    }

    /** How many calls of an operation fail. */
    public enum Impact {
        /** None. */
        NONE,
        /** Some: those that leave out a field, that carry a certain value, that are repeated. */
        SOME,
        /** All of them. */
        ALL;

        /** The greater of the two. */
        public Impact or(Impact other) {
            return compareTo(other) >= 0 ? this : other;
        }

        /** The same inside something that not every message has: an optional field, a list, one of several records. */
        Impact inPart() {
            return this == ALL ? SOME : this;
        }
    }

    /** The part of the contract that differs. */
    public enum Message {
        /** What callers send. */
        REQUEST,
        /** What services answer. */
        RESPONSE,
        /** Neither: an operation as a whole, or a capability. */
        NONE
    }

    /** What can differ. */
    public enum Kind {
        /** The service is called otherwise. */
        SERVICE_RENAMED,
        /** An operation is gone. */
        OPERATION_REMOVED,
        /** An operation is new. */
        OPERATION_ADDED,
        /** An operation is gone and one just like it is new. */
        OPERATION_RENAMED,
        /** An operation is no longer idempotent. */
        IDEMPOTENCY_WEAKENED,
        /** An operation has become idempotent. */
        IDEMPOTENCY_STRENGTHENED,
        /** A field is gone. */
        FIELD_REMOVED,
        /** A field is new. */
        FIELD_ADDED,
        /** A field is gone and one just like it is new. */
        FIELD_RENAMED,
        /** A field may no longer be left out. */
        FIELD_REQUIRED,
        /** A field may now be left out. */
        FIELD_OPTIONAL,
        /** What stands for a field that is left out is another value. */
        DEFAULT_CHANGED,
        /** A value has another shape. */
        TYPE_CHANGED,
        /** A record, enum or choice is called otherwise; it travels without its name. */
        TYPE_RENAMED,
        /** An operation that gave a record gives something else, or the other way round. */
        RESULT_CHANGED,
        /** An enum lost a value. */
        ENUM_VALUE_REMOVED,
        /** An enum has a new value. */
        ENUM_VALUE_ADDED,
        /** A choice lost one of its records. */
        OPTION_REMOVED,
        /** A choice has a new record. */
        OPTION_ADDED,
        /** The records of a choice are told apart by another field. */
        TAG_CHANGED,
        /** A capability is gone. */
        CAPABILITY_REMOVED,
        /** A capability is switched off. */
        CAPABILITY_OFF,
        /** A capability is new, or switched on. */
        CAPABILITY_ADDED;

        /** In small letters with dashes, as on the command line and in JSON. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** As it is told to people: {@code "limit" in requests of list, find: it is new: …}. */
    @Override
    public String toString() {
        String whose = operations.stream().limit(OPERATIONS_TOLD).collect(Collectors.joining(", "))
                + (operations.size() > OPERATIONS_TOLD
                        ? " and " + (operations.size() - OPERATIONS_TOLD) + " more"
                        : "");
        String subject = "\"" + where + "\"";
        return switch (message) {
                    case REQUEST -> subject + " in requests of " + whose;
                    case RESPONSE -> subject + " in responses of " + whose;
                    case NONE -> subject;
                }
                + ": " + text;
    }

    /** What is different and where, such as {@code "limit" in requests of list, find: it is new}. */
    public String summary() {
        String text = toString();
        int end = text.indexOf(": ", text.indexOf(": ") + 1);
        return end < 0 ? text : text.substring(0, end);
    }

    /** True where calls of old clients to new servers fail. */
    public boolean breaksOldClients() {
        return oldClients != Impact.NONE;
    }

    /** True where calls of new clients to old servers fail. */
    public boolean breaksNewClients() {
        return newClients != Impact.NONE;
    }
}
