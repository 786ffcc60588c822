package dev.treaty.core.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.ContractException;
import dev.treaty.core.contract.Operation;
import dev.treaty.core.contract.PartitionKey;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.time.ManualTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ArgumentPathTest {
    public record Customer(String id, Optional<String> region) {}

    public record Order(@PartitionKey String id, Customer customer) {}

    @Contract(name = "test.Paths", version = "1.0.0")
    public interface Paths {
        void whole(Order order);

        void several(Customer order, int number);

        void nested(int number, Order order);

        void none(String text);
    }

    @Contract(name = "test.Twice", version = "1.0.0")
    public interface Twice {
        void twice(@PartitionKey String one, @PartitionKey String other);
    }

    public record Generic<T>(@PartitionKey T id) {}

    enum Color {
        RED
    }

    @Contract(name = "test.Keys", version = "1.0.0")
    public interface Keys {
        void bytes(@PartitionKey byte[] key);

        void maybe(@PartitionKey Optional<UUID> key);

        void number(@PartitionKey OptionalLong key);

        void color(@PartitionKey Color key);

        void generic(Generic<String> message);
    }

    @Contract(name = "test.NoKeys", version = "1.0.0")
    public interface NoKeys {
        void list(@PartitionKey List<String> key);

        void set(@PartitionKey Set<String> key);

        void map(@PartitionKey Map<String, String> key);

        void array(@PartitionKey String[] key);

        void record(@PartitionKey Customer key);

        void component(Generic<Customer> message);
    }

    private static final ServiceContract CONTRACT = ServiceContract.of(Paths.class);
    private static final ServiceContract DYNAMIC = CONTRACT.dynamic();
    private static final Order ORDER = new Order("42", new Customer("ada", Optional.of("eu")));

    private static Operation operation(String name) {
        return CONTRACT.operation(name).orElseThrow();
    }

    private static Object at(String path, Operation operation, Object... arguments) {
        var context = CallContext.next(Principal.ANONYMOUS, new ManualTime(), new Random(1));
        return ArgumentPath.of(path).in(new Call(CONTRACT.name(), operation, List.of(arguments), context));
    }

    @Test
    void a_path_leads_into_a_record_message_and_into_named_parameters() {
        assertThat(at("id", operation("whole"), ORDER)).isEqualTo("42");
        assertThat(at("customer.id", operation("whole"), ORDER)).isEqualTo("ada");
        assertThat(at("customer.region", operation("whole"), ORDER)).isEqualTo("eu");
        assertThat(at("order.id", operation("several"), ORDER.customer(), 7)).isEqualTo("ada");
        assertThat(at("number", operation("several"), ORDER.customer(), 7)).isEqualTo(7);
    }

    @Test
    void a_path_leads_into_maps() {
        var message = Map.of("order", Map.of("customer", Map.of("id", "ada")), "number", 7);
        assertThat(at("order.customer.id", DYNAMIC.operation("several").orElseThrow(), message))
                .isEqualTo("ada");
        assertThat(at("number", Operation.unknown("several"), message)).isEqualTo(7);
        var sorted = new TreeMap<>(Map.of(7, "ada"));
        assertThat(at("number", Operation.unknown("several"), sorted))
                .as("keys that are not strings")
                .isNull();
    }

    @Test
    void a_missing_value_is_null_and_an_invalid_path_is_rejected() {
        assertThat(at("nothing", operation("whole"), ORDER)).isNull();
        assertThat(at("id.more", operation("whole"), ORDER)).isNull();
        assertThat(at("nothing", operation("several"), ORDER.customer(), 7)).isNull();
        assertThat(at("id", operation("none"), "text")).isNull();
        assertThat(at("region", operation("whole"), new Order("1", new Customer("a", Optional.empty()))))
                .isNull();
        assertThatThrownBy(() -> ArgumentPath.of("a..b")).hasMessageContaining("names joined by dots");
        assertThatThrownBy(() -> ArgumentPath.of("a.a.a.a.a.a.a.a.a")).hasMessageContaining("1 to 8");
    }

    @Test
    void a_contract_has_the_path_of_the_partition_key() {
        assertThat(operation("whole").signature().partitionKey()).contains("id");
        assertThat(operation("nested").signature().partitionKey()).contains("order.id");
        assertThat(operation("none").signature().partitionKey()).isEmpty();
        assertThatThrownBy(() -> ServiceContract.of(Twice.class))
                .isInstanceOf(ContractException.class)
                .hasMessageContaining("2 partition keys, one and other: annotate only one");
    }

    @Test
    void what_cannot_be_a_key_is_rejected_with_the_contract_B3() {
        assertThat(ServiceContract.of(Keys.class).operations())
                .allSatisfy(operation ->
                        assertThat(operation.signature().partitionKey()).isPresent());
        assertThatThrownBy(() -> ServiceContract.of(NoKeys.class))
                .isInstanceOf(ContractException.class)
                .hasMessageContainingAll(
                        "method list: the @PartitionKey key is of type java.util.List",
                        "method set: the @PartitionKey key is of type",
                        "method map: the @PartitionKey key is of type",
                        "method array: the @PartitionKey key is of type",
                        "method record: the @PartitionKey key is of type",
                        "method component: the @PartitionKey id is of type");
    }
}
