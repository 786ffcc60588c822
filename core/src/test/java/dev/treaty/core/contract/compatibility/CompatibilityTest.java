package dev.treaty.core.contract.compatibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.compatibility.Difference.Impact;
import dev.treaty.core.contract.compatibility.Difference.Kind;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CompatibilityTest {
    private static final Impact NONE = Impact.NONE;
    private static final Impact SOME = Impact.SOME;
    private static final Impact ALL = Impact.ALL;

    private static ServiceContract contract(String body) {
        return ServiceContract.parse("contract shop.Orders 1.0.0\n" + body);
    }

    private static Compatibility between(String older, String newer) {
        return Compatibility.between(contract(older), contract(newer));
    }

    /** Two contracts with one difference, and its impact on old and on new clients. */
    static Stream<Arguments> differences() {
        String order = "record Order { id: string, note?: string }";
        String status = "enum Status { NEW, PAID }";
        String payment = "choice Payment by kind { \"card\": Card, \"cash\": Cash } record Card { number: string }"
                + " record Cash { }";
        return Stream.of(
                arguments("get()", "get() drop(id: string)", Kind.OPERATION_ADDED, "drop", NONE, ALL),
                arguments("get() drop(id: string)", "get()", Kind.OPERATION_REMOVED, "drop", ALL, NONE),
                arguments("idempotent pay()", "pay()", Kind.IDEMPOTENCY_WEAKENED, "pay", SOME, NONE),
                arguments("pay()", "idempotent pay()", Kind.IDEMPOTENCY_STRENGTHENED, "pay", NONE, SOME),
                // Requests
                arguments("get(a: string)", "get(a: string, b: int32)", Kind.FIELD_ADDED, "b", ALL, ALL),
                arguments("get(a: string)", "get(a: string, b?: int32)", Kind.FIELD_ADDED, "b", NONE, SOME),
                arguments("get(a: string, b: int32)", "get(a: string)", Kind.FIELD_REMOVED, "b", ALL, ALL),
                arguments("get(a: string, b?: int32)", "get(a: string)", Kind.FIELD_REMOVED, "b", SOME, NONE),
                arguments("get(a?: string)", "get(a: string)", Kind.FIELD_REQUIRED, "a", SOME, NONE),
                arguments("get(a: string)", "get(a?: string)", Kind.FIELD_OPTIONAL, "a", NONE, SOME),
                arguments("get(a?: int32 = \"1\")", "get(a?: int32 = \"2\")", Kind.DEFAULT_CHANGED, "a", NONE, NONE),
                arguments("get(a: int32)", "get(a: int64)", Kind.TYPE_CHANGED, "a", NONE, SOME),
                arguments("get(a: string)", "get(a: boolean)", Kind.TYPE_CHANGED, "a", ALL, ALL),
                arguments("get(a?: string)", "get(a?: boolean)", Kind.TYPE_CHANGED, "a", SOME, SOME),
                arguments("get(a: uuid)", "get(a: string)", Kind.TYPE_CHANGED, "a", NONE, SOME),
                arguments("get(a: [uuid])", "get(a: [string])", Kind.TYPE_CHANGED, "a[]", NONE, SOME),
                arguments("get(a: map[date])", "get(a: map[string])", Kind.TYPE_CHANGED, "a{}", NONE, SOME),
                arguments(
                        "get(Order) " + order,
                        "get(Order) record Order { id: string }",
                        Kind.FIELD_REMOVED,
                        "Order.note",
                        SOME,
                        NONE),
                arguments(
                        "get(a: Status) " + status,
                        "get(a: Status) enum Status { NEW, PAID, SENT }",
                        Kind.ENUM_VALUE_ADDED,
                        "Status",
                        NONE,
                        SOME),
                arguments(
                        "get(a: Status) " + status,
                        "get(a: Status) enum Status { NEW }",
                        Kind.ENUM_VALUE_REMOVED,
                        "Status",
                        SOME,
                        NONE),
                arguments(
                        "get(a: Payment) " + payment,
                        "get(a: Payment) "
                                + payment.replace(", \"cash\": Cash", "").replace(" record Cash { }", ""),
                        Kind.OPTION_REMOVED,
                        "Payment",
                        SOME,
                        NONE),
                arguments(
                        "get(a: Payment) " + payment,
                        "get(a: Payment) " + payment.replace("by kind", "by type"),
                        Kind.TAG_CHANGED,
                        "Payment",
                        ALL,
                        ALL),
                arguments(
                        "get(a: Payment) " + payment,
                        "get(a: Payment) " + payment.replace("number: string", "number: string, pin: string"),
                        Kind.FIELD_ADDED,
                        "Card.pin",
                        SOME,
                        SOME),
                // Responses
                arguments(
                        "get() -> Order " + order,
                        "get() -> Order record Order { id: string, note?: string, total: decimal }",
                        Kind.FIELD_ADDED,
                        "Order.total",
                        NONE,
                        ALL),
                arguments(
                        "get() -> Order " + order,
                        "get() -> Order record Order { id: string }",
                        Kind.FIELD_REMOVED,
                        "Order.note",
                        NONE,
                        NONE),
                arguments(
                        "get() -> Order " + order,
                        "get() -> Order record Order { note?: string }",
                        Kind.FIELD_REMOVED,
                        "Order.id",
                        ALL,
                        NONE),
                arguments(
                        "get() -> Order " + order,
                        "get() -> Order record Order { id?: string, note?: string }",
                        Kind.FIELD_OPTIONAL,
                        "Order.id",
                        SOME,
                        NONE),
                arguments(
                        "get() -> Status " + status,
                        "get() -> Status enum Status { NEW, PAID, SENT }",
                        Kind.ENUM_VALUE_ADDED,
                        "Status",
                        SOME,
                        NONE),
                arguments("get() -> int32", "get() -> int64", Kind.TYPE_CHANGED, "result", SOME, NONE),
                arguments("get()", "get() -> int64", Kind.FIELD_ADDED, "result", NONE, ALL),
                arguments("get() -> [Order] " + order, "get() -> Order " + order, Kind.RESULT_CHANGED, "get", ALL, ALL),
                arguments(
                        "get() -> Order " + order,
                        "get() -> Purchase " + order.replace("Order", "Purchase"),
                        Kind.TYPE_RENAMED,
                        "Order",
                        NONE,
                        NONE));
    }

    @ParameterizedTest
    @MethodSource("differences")
    void each_difference_has_its_kind_place_and_impact(
            String older, String newer, Kind kind, String where, Impact oldClients, Impact newClients) {
        var compatibility = between(older, newer);

        assertThat(compatibility.differences()).singleElement().satisfies(difference -> {
            assertThat(difference.kind()).isEqualTo(kind);
            assertThat(difference.where()).isEqualTo(where);
            assertThat(difference.oldClients()).isEqualTo(oldClients);
            assertThat(difference.newClients()).isEqualTo(newClients);
            assertThat(difference.text()).endsWith(".");
        });
        assertThat(compatibility.oldClientsWork()).isEqualTo(oldClients == NONE);
        assertThat(compatibility.newClientsWork()).isEqualTo(newClients == NONE);
    }

    @Test
    void a_renamed_field_is_a_removed_and_an_added_field() {
        assertThat(between("get(qty: int32)", "get(quantity: int32)").differences())
                .extracting(Difference::kind)
                .containsExactly(Kind.FIELD_REMOVED, Kind.FIELD_ADDED);
    }

    @Test
    void a_renamed_operation_is_a_removed_and_an_added_operation() {
        assertThat(between("cancel(id: string)", "cancelOrder(id: string)").differences())
                .extracting(Difference::kind)
                .containsExactly(Kind.OPERATION_REMOVED, Kind.OPERATION_ADDED);
    }

    @Test
    void a_difference_names_its_place_change_and_consequence() {
        var difference = between("get(a: Status) enum Status { NEW, PAID }", "get(a: Status) enum Status { NEW, SENT }")
                .differences()
                .getFirst();

        assertThat(difference.summary()).isEqualTo("\"Status\" in requests of get: it no longer has \"PAID\"");
        assertThat(difference)
                .hasToString("\"Status\" in requests of get: it no longer has \"PAID\": old clients may still send it,"
                        + " and it is rejected. Keep it until no client sends it.");
    }

    @Test
    void a_list_of_values_is_abbreviated() {
        var difference = between("get(a: Tag) enum Tag { A }", "get(a: Tag) enum Tag { A, B, C, D, E, F, G, H }")
                .differences()
                .getFirst();

        assertThat(difference.change()).isEqualTo("it also has \"B\", \"C\", \"D\", \"E\", \"F\" and 2 more");
    }

    @Test
    void enums_without_a_common_value_break_every_call() {
        var compatibility = between("get(a: Tag) enum Tag { A }", "get(a: Tag) enum Tag { B }");

        assertThat(compatibility.oldClients("get")).isEqualTo(ALL);
        assertThat(compatibility.newClients("get")).isEqualTo(ALL);
    }

    @Test
    void a_type_that_operations_share_is_listed_once_and_counts_for_each() {
        String operations = "get() -> Order put(Order) peek() -> Order? drop(id: string) ";
        var compatibility = between(
                operations + "record Order { id: string }", operations + "record Order { id: string, total: decimal }");

        assertThat(compatibility.differences())
                .extracting(Difference::where, Difference::operations)
                .containsExactly(tuple("Order.total", List.of("get", "peek")), tuple("Order.total", List.of("put")));
        assertThat(compatibility.oldClients("get")).isEqualTo(NONE);
        assertThat(compatibility.newClients("get")).isEqualTo(ALL);
        assertThat(compatibility.newClients("peek")).isEqualTo(SOME);
        assertThat(compatibility.oldClients("put")).isEqualTo(ALL);
        assertThat(compatibility.oldClients("drop")).isEqualTo(NONE);
        assertThat(compatibility.newClients("drop")).isEqualTo(NONE);
    }

    @Test
    void capabilities_have_an_impact_on_clients_that_require_them() {
        String capabilities = "capability search 1.0.0 capability wrap 1.0.0 capability fax 1.0.0 off ";
        var compatibility = between(
                capabilities + "get()", "capability wrap 1.0.0 off capability fax 1.0.0 capability chat 2.0.0 get()");

        assertThat(compatibility.differences())
                .extracting(Difference::kind, Difference::where, Difference::oldClients)
                .containsExactlyInAnyOrder(
                        tuple(Kind.CAPABILITY_REMOVED, "search", SOME),
                        tuple(Kind.CAPABILITY_OFF, "wrap", NONE),
                        tuple(Kind.CAPABILITY_ADDED, "fax", NONE),
                        tuple(Kind.CAPABILITY_ADDED, "chat", NONE));
        assertThat(compatibility.oldClientsWork()).isFalse();
        assertThat(compatibility.oldClients("get")).isEqualTo(NONE);
    }

    @Test
    void a_contract_with_another_name_is_another_service() {
        var compatibility =
                Compatibility.between(contract("get()"), ServiceContract.parse("contract shop.Purchases 1.0.0 get()"));

        assertThat(compatibility.differences()).extracting(Difference::kind).containsExactly(Kind.SERVICE_RENAMED);
        assertThat(compatibility.oldClientsWork()).isFalse();
    }

    /** Sixty types that each contain the next one twice have 2^60 paths. */
    @Test
    void a_contract_with_exponentially_many_paths_is_compared() {
        var nested = new StringBuilder("get(T0) -> T0\n");
        for (int i = 0; i < 60; i++) {
            nested.append("record T%d { a: T%d, b: T%d }\n".formatted(i, i + 1, i + 1));
        }
        var compatibility = between(nested + "record T60 { x: int32 }", nested + "record T60 { x: int32, y?: int32 }");

        assertThat(compatibility.differences()).hasSize(2);
        assertThat(compatibility.newClients("get")).isEqualTo(SOME);
        assertThat(compatibility.oldClientsWork()).isTrue();
    }

    @Test
    void differences_beyond_the_limit_count_for_the_result() {
        var older = new StringBuilder();
        var newer = new StringBuilder();
        for (int i = 0; i < 2 * Compatibility.DIFFERENCES_MAX; i++) {
            older.append("get%d(a: string)\n".formatted(i));
            newer.append("get%d(a: string) -> int32\n".formatted(i));
        }
        older.append("last()");
        var compatibility = between(older.toString(), newer.toString());

        assertThat(compatibility.differences()).hasSizeLessThanOrEqualTo(Compatibility.DIFFERENCES_MAX);
        assertThat(compatibility.oldClients("last")).isEqualTo(ALL);
        assertThat(compatibility.newClients("get" + (2 * Compatibility.DIFFERENCES_MAX - 1)))
                .isEqualTo(ALL);
    }
}
