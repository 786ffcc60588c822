package dev.treaty.core.contract;

import dev.treaty.core.contract.Shape.Structure;
import java.util.List;
import java.util.Optional;

/**
 * One method of a contract: its request and its response, which are always JSON objects:
 *
 * <ul>
 *   <li>a method with one record parameter: that record is the request;
 *   <li>any other method: an object with one field per parameter, by name;
 *   <li>a result that is a record: that record is the response;
 *   <li>any other result: an object with the one field {@code result}; {@code void}: an empty object.
 * </ul>
 *
 * @param name the method's name, unique within the contract; the second segment of the request path
 * @param description its documentation; may be empty
 * @param idempotent whether running it twice has the effect of running it once
 * @param request the message that clients send
 * @param response the message that servers return
 * @param signature the Java types in this process
 */
public record Operation(
        String name,
        String description,
        boolean idempotent,
        Structure request,
        Structure response,
        Signature signature) {

    /** The name of the field that has a result which is not a record. */
    public static final String RESULT = "result";

    /** An operation of which only the name is known, for calls without a contract. It counts as not idempotent. */
    public static Operation unknown(String name) {
        var any = Structure.message(List.of());
        return new Operation(name, "", false, any, any, Signature.DYNAMIC);
    }

    /** The result that is wrapped in a field {@link #RESULT}; empty if the response is a record or has no fields. */
    public Optional<Field> wrappedResult() {
        return response.anonymous() ? response.field(RESULT) : Optional.empty();
    }
}
