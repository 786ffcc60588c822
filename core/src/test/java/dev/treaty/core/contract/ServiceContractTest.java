package dev.treaty.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import dev.treaty.core.contract.Shape.Choice;
import dev.treaty.core.contract.Shape.Mapping;
import dev.treaty.core.contract.Shape.Scalar;
import dev.treaty.core.contract.Shape.Sequence;
import dev.treaty.core.contract.Shape.Structure;
import dev.treaty.core.text.PrintableText;
import java.io.File;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceContractTest {
    enum Status {
        NEW,
        PAID
    }

    @Description("One line of an order.")
    record Line(
            String sku,
            @DefaultValue("1") int quantity,
            @Nullable String note) {}

    @Tagged("kind")
    sealed interface Payment permits Card, Cash {}

    @Tag("card")
    record Card(String number) implements Payment {}

    record Cash() implements Payment {}

    record Order(String id, List<Line> lines, Status status, Payment payment, Map<Status, Long> counts, byte[] seal) {}

    record OrderId(String id) {}

    record Page<T>(List<T> items, Optional<String> next) {}

    @Contract(
            name = "shop.Orders",
            version = "1.4",
            capabilities = @Capability(name = "search", description = "finds \"words\"", version = "2.0"))
    @Description("Accepts\nand stores orders.")
    interface Orders {
        @Idempotent
        @Description("Reads one.")
        Order get(OrderId id);

        Page<Order> list(@Description("whose") String customer, @DefaultValue("20") int limit, OptionalInt skip);

        void drop(String id);

        Optional<Order> find(String id);

        Instant now();

        default String ignored() {
            return "a default method is not an operation";
        }
    }

    private final ServiceContract contract = ServiceContract.of(Orders.class);

    @Test
    void reads_name_version_description_and_capabilities() {
        assertThat(contract.name()).isEqualTo(new ServiceName("shop.Orders"));
        assertThat(contract.version()).isEqualTo(new Version(1, 4, 0));
        assertThat(contract.description()).isEqualTo("Accepts\nand stores orders.");
        assertThat(contract.capabilities())
                .containsExactly(new ServiceCapability("search", "finds \"words\"", new Version(2, 0, 0), true));
        assertThat(contract.operations())
                .extracting(Operation::name)
                .containsExactly("drop", "find", "get", "list", "now");
    }

    @Test
    void a_single_record_is_the_whole_message() {
        Operation get = contract.operation("get").orElseThrow();
        assertThat(get.idempotent()).isTrue();
        assertThat(get.description()).isEqualTo("Reads one.");
        assertThat(get.request().name()).isEqualTo("OrderId");
        assertThat(get.response().name()).isEqualTo("Order");
        assertThat(get.wrappedResult()).isEmpty();
    }

    @Test
    void several_parameters_are_fields_by_name() {
        Operation list = contract.operation("list").orElseThrow();
        assertThat(list.idempotent()).isFalse();
        assertThat(list.request().anonymous()).isTrue();
        assertThat(list.request().fields())
                .containsExactly(
                        new Field("customer", Scalar.STRING, true, "whose", Optional.empty()),
                        new Field("limit", Scalar.INT32, false, "", Optional.of("20")),
                        new Field("skip", Scalar.INT32, false, "", Optional.empty()));
        assertThat(list.response().name()).isEqualTo("PageOfOrder");
    }

    @Test
    void a_result_that_is_not_a_record_is_wrapped_and_void_is_empty() {
        assertThat(contract.operation("now").orElseThrow().wrappedResult())
                .contains(new Field("result", Scalar.INSTANT, true, "", Optional.empty()));
        assertThat(contract.operation("find")
                        .orElseThrow()
                        .wrappedResult()
                        .orElseThrow()
                        .required())
                .isFalse();
        assertThat(contract.operation("drop").orElseThrow().response().fields()).isEmpty();
    }

    @Test
    void reads_every_kind_of_shape() {
        Structure order = contract.operation("get").orElseThrow().response();
        assertThat(order.field("lines").orElseThrow().shape()).isInstanceOf(Sequence.class);
        assertThat(order.field("counts").orElseThrow().shape()).isEqualTo(new Mapping(Scalar.INT64));
        assertThat(order.field("seal").orElseThrow().shape()).isEqualTo(Scalar.BYTES);
        assertThat(order.field("payment").orElseThrow().shape()).isInstanceOfSatisfying(Choice.class, choice -> {
            assertThat(choice.tag()).isEqualTo("kind");
            assertThat(choice.options()).extracting(Choice.Option::tag).containsExactly("card", "Cash");
        });
        var line = (Structure) ((Sequence) order.field("lines").orElseThrow().shape()).element();
        assertThat(line.description()).isEqualTo("One line of an order.");
        assertThat(line.field("note").orElseThrow().required()).isFalse();
    }

    @Test
    void text_is_parsed_to_an_equal_contract() {
        ServiceContract read = ServiceContract.parse(contract.text());
        assertThat(read).isEqualTo(contract);
        assertThat(read.text()).isEqualTo(contract.text());
        assertThat(read.fingerprint()).isEqualTo(contract.fingerprint());
    }

    @Test
    void the_fingerprint_depends_only_on_messages() {
        var reworded = ServiceContract.parse(
                contract.text().replace("Reads one.", "Returns an order.").replace(" 1.4.0", " 1.5.0"));
        assertThat(reworded.fingerprint()).isEqualTo(contract.fingerprint());
        var changed = ServiceContract.parse(contract.text().replace("number: string", "number: int64"));
        assertThat(changed.fingerprint()).isNotEqualTo(contract.fingerprint());
        var weaker = ServiceContract.parse(contract.text().replace("idempotent get", "get"));
        assertThat(weaker.fingerprint()).isNotEqualTo(contract.fingerprint());
    }

    record Self(String name, List<Self> children) {}

    @Contract(name = "no spaces allowed", version = "one")
    interface Broken {
        void twice(int a);

        void twice(String a);

        void file(File file);

        void cyclic(Self self);

        CompletableFuture<String> later();

        void throwing() throws IOException;

        <T> void generic(T value);

        void anything(Object object);

        void raw(@SuppressWarnings("rawtypes") List list);

        void keys(Map<Integer, String> map);

        void wrongDefault(@DefaultValue("many") int count);

        List<Optional<String>> holes();
    }

    @Test
    void an_invalid_interface_is_rejected_with_each_method_and_reason() {
        assertThatThrownBy(() -> ServiceContract.of(Broken.class))
                .isInstanceOfSatisfying(
                        ContractException.class,
                        e -> assertThat(e.problems())
                                .anyMatch(p -> p.contains("\"no spaces allowed\" is not a service name"))
                                .anyMatch(p -> p.contains("\"one\" is not a version"))
                                .anyMatch(p -> p.contains("method twice is overloaded"))
                                .anyMatch(p -> p.contains("method file: parameter file") && p.contains("java.io.File"))
                                .anyMatch(p -> p.contains("method cyclic") && p.contains("contains itself"))
                                .anyMatch(p -> p.contains("method later") && p.contains("callAsync"))
                                .anyMatch(p -> p.contains("method throwing") && p.contains("IOException"))
                                .anyMatch(p -> p.contains("method generic") && p.contains("type parameters"))
                                .anyMatch(p ->
                                        p.contains("method anything") && p.contains("does not describe its values"))
                                .anyMatch(p -> p.contains("method raw") && p.contains("with type arguments"))
                                .anyMatch(p -> p.contains("method keys") && p.contains("keys of a map"))
                                .anyMatch(p -> p.contains("method wrongDefault")
                                        && p.contains("the default \"many\" is not a value of type int32"))
                                .anyMatch(p -> p.contains("method holes") && p.contains("not for elements")));
    }

    interface NoAnnotation {}

    @Test
    void an_interface_without_annotation_is_rejected() {
        assertThatThrownBy(() -> ServiceContract.of(NoAnnotation.class)).hasMessageContaining("it has no @Contract");
        assertThatThrownBy(() -> ServiceContract.of(String.class)).hasMessageContaining("it has no @Contract");
    }

    @Test
    void malformed_text_is_rejected_with_its_line() {
        assertThatThrownBy(() -> ServiceContract.parse("contract a 1\n\nget(id: Foo)"))
                .hasMessageContaining("line 3: type Foo is not defined");
        assertThatThrownBy(() -> ServiceContract.parse("contract a 1\nget(A)\nrecord A { a: A }"))
                .hasMessageContaining("contains itself");
        assertThatThrownBy(() -> ServiceContract.parse("contract a 1\nget(a: [string)"))
                .hasMessageContaining("line 2: ']' is expected, not ')'");
        assertThatThrownBy(() -> ServiceContract.parse("contract a 1\nunion X {}"))
                .hasMessageContaining("\"union\" is not expected here");
        assertThatThrownBy(() -> ServiceContract.parse("contract a 1\nx(a: " + "[".repeat(1000)))
                .hasMessageContaining("nested deeper");
        assertThatThrownBy(() -> ServiceContract.parse("")).hasMessageContaining("'contract' is expected, not the end");
        assertThatThrownBy(() -> ServiceContract.parse("contract a 1\nx(a: string, a: string)"))
                .hasMessageContaining("two fields are named \"a\"");
        assertThatThrownBy(() -> ServiceContract.parse("contract a 1\n// comment\nget(a: string \"no end)"))
                .hasMessageContaining("line 3: the string that begins here has no end");
        assertThatThrownBy(() -> ServiceContract.parse("contract a 1\nenum A { B }\nenum A { C }"))
                .hasMessageContaining("line 3: type A is defined twice");
        assertThatThrownBy(() -> ServiceContract.parse("contract a 1\nrecord A { b: Missing }"))
                .as("a definition without users")
                .hasMessageContaining("line 2: type Missing is not defined");
    }

    @Test
    void words_of_the_grammar_may_be_names() {
        var parsed = ServiceContract.parse("""
            contract record 1
            capability enum 1.0.0 "text"
            record(record: string, enum?: boolean, by: int32) -> [choice] "text"
            idempotent(choice) // a comment
            idempotent idempotent2() -> string
            record choice "text" { record: string = "a \\"b\\"" }
            """);

        assertThat(parsed.operations())
                .extracting(Operation::name, Operation::idempotent)
                .containsExactly(tuple("record", false), tuple("idempotent", false), tuple("idempotent2", true));
        assertThat(parsed.capabilities()).extracting(ServiceCapability::name).containsExactly("enum");
        assertThat(ServiceContract.parse(parsed.text())).isEqualTo(parsed);
    }

    record Pair<T>(T one, List<T[]> others) {}

    @Contract(name = "shop.Pairs", version = "1.0.0")
    interface Pairs {
        Page<Pair<Line>> pages(Page<Pair<Line>> page);

        Pair<? extends Line> pair();
    }

    @Test
    void type_variables_of_generic_records_are_resolved() {
        var pairs = ServiceContract.of(Pairs.class);

        assertThat(pairs.text())
                .contains("pages(PageOfPairOfLine) -> PageOfPairOfLine", "pair() -> PairOfLine")
                .contains("record PairOfLine {\n  one: Line,\n  others: [[Line]]\n}");
    }

    @Test
    void contracts_with_exponentially_many_paths_are_compared_as_texts_R12() {
        var text = new StringBuilder("contract a 1\nget(a: R0)\n");
        for (int i = 0; i < 60; i++) {
            text.append("record R%d { a: R%d, b: R%d }\n".formatted(i, i + 1, i + 1));
        }
        text.append("record R60 { a: int32 }");
        var contract = ServiceContract.parse(text.toString());
        assertThat(ServiceContract.parse(text.toString()))
                .isEqualTo(contract)
                .hasSameHashCodeAs(contract)
                .hasToString("a 1.0.0");
        assertThat(ServiceContract.parse(text.toString().replace("int32", "int64")))
                .isNotEqualTo(contract);
        assertThat(contract.operations().getFirst().toString()).hasSizeLessThan(1_000);
    }

    @ParameterizedTest
    @CsvSource({
        "get(a: E) enum E { A &#x2C; B &#x2C; A }, two values of E are named \"A\"",
        "get(a: C) choice C by kind { 'a': A &#x2C; 'a': B } record A {} record B {}, two records of C are named \"a\"",
        "get(a: C) choice C by kind { 'a': A } record A { kind: string }, A has a field \"kind\"",
        "get(a?: int32 = 'many'), the default \"many\" is not a value of type int32",
        "get(a?: float64 = 'NaN'), the default \"NaN\" is not a value of type float64",
        "get(a?: E = 'B') enum E { A }, the default \"B\" is not one of",
        "get(a?: [int32] = '1'), only a scalar or an enum",
        "get(a?: string = '\ud800'), half of a surrogate pair"
    })
    void text_whose_parts_contradict_each_other_is_rejected(String text, String message) {
        String contract = "contract a 1\n" + text.replace("&#x2C;", ",").replace('\'', '"');
        assertThatThrownBy(() -> ServiceContract.parse(contract))
                .isInstanceOf(ContractException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%s",
                "contract %s",
                "contract a %s",
                "contract a 1\nget(a: %s)",
                "contract a 1\ncapability %s 1",
                "contract a 1\nget(a: C) choice C by t { \"%s\": E } enum E { A }",
                "contract a 1\nget(a?: int32 = \"%s\")",
                "contract a 1\nget(a?: integer = \"%s\")"
            })
    void messages_about_text_of_others_are_short_and_printable_W11(String text) {
        for (String part : List.of("\u001b[2J", "\u202e", "\u009b", "x".repeat(100_000), "9".repeat(500_000))) {
            assertThatThrownBy(() -> ServiceContract.parse(text.formatted(part)))
                    .isInstanceOf(ContractException.class)
                    .message()
                    .hasSizeLessThan(500)
                    .matches(message -> PrintableText.lines(message).equals(message));
        }
        assertThatThrownBy(() -> Version.parse("\u001b[2J")).message().matches(PrintableText::isPrintable);
        assertThatThrownBy(() -> VersionRange.parse("\u001b[2J")).message().matches(PrintableText::isPrintable);
    }
}
