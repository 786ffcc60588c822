package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GuardsTest {
    private final Guards guards = new Guards();
    private final Guard payments = guards.add(Guard.of("payments", FaultTolerance.of(IsolationLevel.BASIC)));

    @Test
    void guards_are_listed_and_found_by_name() {
        Guard orders = guards.add(Guard.of("orders", FaultTolerance.DEFAULT));
        assertThat(guards.list()).containsExactly(orders, payments);
        assertThat(guards.find("payments")).containsSame(payments);
        assertThat(guards.find("nothing")).isEmpty();
        assertThat(guards.add(orders)).isSameAs(orders);
        assertThatThrownBy(() -> guards.add(Guard.of("orders", FaultTolerance.DEFAULT)))
                .hasMessage("a guard named orders exists already: use another name");
    }

    @Test
    void the_level_of_a_guard_is_changed_by_name() {
        guards.level("payments", IsolationLevel.FULL);
        assertThat(payments.tolerance().level()).isEqualTo(IsolationLevel.FULL);
        assertThatThrownBy(() -> guards.level("orders", IsolationLevel.FULL))
                .hasMessage("there is no guard named orders; there are: payments");
    }
}
