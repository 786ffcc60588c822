package dev.treaty.registry.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.contract.IncompatibleContractException;
import dev.treaty.core.contract.ServiceContract;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ContractHistoryTest {
    private static ServiceContract contract(String version, String operations) {
        return ServiceContract.parse("contract shop.Orders " + version + "\n" + operations);
    }

    private static ContractHistory with(ServiceContract... contracts) {
        return ContractHistory.of(List.of(contracts));
    }

    private static ContractHistory publish(ContractHistory history, ServiceContract contract) {
        return history.publish(contract, Set.of(), false);
    }

    @Test
    void adding_an_operation_is_accepted() {
        var history = publish(with(contract("1.0.0", "get()")), contract("1.1.0", "get() drop()"));

        assertThat(history.newestFirst()).hasSize(2);
        assertThat(history.newest().orElseThrow().version()).hasToString("1.1.0");
    }

    @Test
    void breaking_clients_is_refused_with_reasons_and_advice() {
        var history = with(contract("1.0.0", "get(id: string) drop()"));

        assertThatThrownBy(() -> publish(history, contract("1.1.0", "get(id: string, from: string)")))
                .isInstanceOf(IncompatibleContractException.class)
                .hasMessage("""
                    contract shop.Orders 1.1.0 breaks clients of 1.0.0 and has the same major version:
                      - "from" in requests of get: it is new and required: old clients do not send it. Make it \
                    optional, or give it a default with @DefaultValue.
                      - "drop": the operation is gone: old clients that call it get UNIMPLEMENTED. Keep it until \
                    no client calls it.
                    Change the contract as described, or give it the version 2.0.0; "treaty contract publish \
                    --force" publishes it as it is.\
                    """);
        assertThat(history.publish(contract("1.1.0", ""), Set.of(), true).newestFirst())
                .hasSize(2);
    }

    @Test
    void a_new_major_version_and_versions_below_one_may_break_clients() {
        assertThat(publish(with(contract("1.0.0", "get()")), contract("2.0.0", "find()"))
                        .newestFirst())
                .hasSize(2);
        assertThat(publish(with(contract("0.1.0", "get()")), contract("0.2.0", "find()"))
                        .newestFirst())
                .hasSize(2);
    }

    @Test
    void another_contract_of_the_same_version_is_compared_too() {
        var history = with(contract("1.0.0", "get()"));

        assertThatThrownBy(() -> publish(history, contract("1.0.0", "find()")))
                .isInstanceOf(IncompatibleContractException.class);
        var both = publish(history, contract("1.0.0", "get() find()"));
        assertThat(both.newest().orElseThrow().operations()).hasSize(2);
        assertThat(both.newestFirst()).hasSize(2);
    }

    @Test
    void of_two_contracts_of_one_version_the_later_one_counts() {
        var forced = with(contract("1.0.0", "get()")).publish(contract("1.0.0", "find()"), Set.of(), true);
        assertThat(publish(forced, contract("1.1.0", "find() list()")).newestFirst())
                .hasSize(3);

        var grown = publish(with(contract("1.0.0", "get()")), contract("1.0.0", "get() find()"));
        assertThatThrownBy(() -> publish(grown, contract("1.0.1", "get() list()")))
                .isInstanceOf(IncompatibleContractException.class)
                .hasMessageContaining("\"find\"");
    }

    @Test
    void removing_a_capability_breaks_clients() {
        var history = with(contract("1.0.0", "capability export 1.0.0\nget()"));

        for (String version : List.of("1.0.0", "1.1.0")) {
            assertThatThrownBy(() -> publish(history, contract(version, "get()")))
                    .isInstanceOf(IncompatibleContractException.class)
                    .hasMessageContaining("export", "the capability is gone");
        }
    }

    @Test
    void an_older_version_is_never_refused() {
        var history = with(contract("1.2.0", "find()"));

        assertThat(publish(history, contract("1.1.0", "get()")).newest().orElseThrow())
                .isEqualTo(contract("1.2.0", "find()"));
    }

    @Test
    void after_a_forced_change_the_new_contract_counts() {
        var history = with(contract("1.0.0", "get()"), contract("1.1.0", "find()"));

        assertThat(publish(history, contract("1.2.0", "find() list()")).newestFirst())
                .hasSize(3);
        assertThatThrownBy(() -> history.publish(
                        contract("1.2.0", "find() list()"),
                        Set.of(contract("1.0.0", "get()").fingerprint()),
                        false))
                .hasMessageContaining("breaks clients of 1.0.0");
    }

    @Test
    void a_repeated_contract_replaces_its_entry() {
        var history = with(contract("1.0.0", "get()"), contract("1.1.0", "get() find()"));
        var described = contract("1.0.0", "get() \"Gets.\"");

        var again = publish(history, described);

        assertThat(again.newestFirst()).containsExactly(contract("1.1.0", "get() find()"), described);
        assertThat(again.texts(described.fingerprint())).containsExactly(described.text());
    }

    @Test
    void contracts_of_running_instances_are_forgotten_last() {
        var first = contract("1.0.0", "get()");
        ContractHistory history = with(first);
        for (int minor = 1; minor <= 2 * ContractHistory.CONTRACTS_MAX; minor++) {
            history = history.publish(
                    contract("1." + minor + ".0", "get() get" + minor + "()"), Set.of(first.fingerprint()), true);
        }

        assertThat(history.newestFirst()).hasSize(ContractHistory.CONTRACTS_MAX).contains(first);
    }

    @Test
    void the_total_length_of_the_texts_is_limited() {
        String large = "\"" + "x".repeat(200_000) + "\"\nget()";
        ContractHistory history = ContractHistory.EMPTY;
        for (int minor = 0; minor < 10; minor++) {
            history = publish(history, contract("1." + minor + ".0", large));
        }

        assertThat(history.newestFirst()).hasSize(5);
        assertThat(history.bytes()).isLessThanOrEqualTo(ContractHistory.LENGTH_MAX);
    }
}
