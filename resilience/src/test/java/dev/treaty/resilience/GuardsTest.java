package dev.treaty.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import org.junit.jupiter.api.Test;

class GuardsTest {
    private final Guards guards = new Guards();
    private final Guard payments = guards.add(Guard.of("payments", FaultTolerance.of(IsolationLevel.BASIC)));

    @Test
    void areListedByTheirNamesAndFoundByThem() {
        Guard orders = guards.add(Guard.of("orders", FaultTolerance.DEFAULT));
        assertThat(guards.list()).containsExactly(orders, payments);
        assertThat(guards.find("payments")).containsSame(payments);
        assertThat(guards.find("nothing")).isEmpty();
        assertThat(guards.add(orders)).isSameAs(orders);
        assertThatThrownBy(() -> guards.add(Guard.of("orders", FaultTolerance.DEFAULT)))
                .hasMessage("there is a guard named orders already: name it otherwise");
    }

    @Test
    void areChangedByTheirNames() {
        guards.level("payments", IsolationLevel.FULL);
        assertThat(payments.tolerance().level()).isEqualTo(IsolationLevel.FULL);
        guards.apply("payments", Policies.of(FaultTolerance.of(IsolationLevel.NONE)));
        assertThat(payments.tolerance().level()).isEqualTo(IsolationLevel.NONE);
        assertThatThrownBy(() -> payments.call(() -> {
                    throw new ServiceException(Code.UNAVAILABLE, "down");
                }))
                .hasMessage("unavailable: down");
        guards.reset("payments");
        assertThat(payments.statistics().calls()).isZero();
        assertThatThrownBy(() -> guards.reset("orders"))
                .hasMessage("nothing named orders is guarded here; guarded are: payments");
    }
}
