package dev.treaty.balance;

import dev.treaty.balance.RoutingPolicy.Match;
import dev.treaty.core.call.Code;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.text.Accepted;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Faults that are injected into calls on purpose, to test how a system handles them. There are none by default; the
 * message of each states that it was injected.
 *
 * @param faults every fault that matches a call is applied
 */
public record FaultPolicy(List<InjectedFault> faults) {
    /** No faults. */
    public static final FaultPolicy NONE = new FaultPolicy(List.of());

    /** The maximum number of faults. */
    public static final int FAULTS_MAX = 100;

    /** The maximum delay. */
    public static final Duration DELAY_MAX = Duration.ofMinutes(5);

    /** @throws IllegalArgumentException if there are too many faults */
    public FaultPolicy {
        faults = List.copyOf(faults);
        PolicyChecks.within("the number of faults", faults.size(), 0, FAULTS_MAX);
    }

    /**
     * One fault: a delay, a failure, or both.
     *
     * @param service the called service; empty for every service
     * @param when the calls of the service that match
     * @param share the share of the matching calls, from 0 to 1
     * @param delay the delay of a call
     * @param code the code that a call fails with; empty if it does not fail
     */
    public record InjectedFault(
            @Description("The called service; `none` for every one.")
            Optional<ServiceName> service,

            @Description("The calls of the service that match.")
            Match when,

            @Description("The share of the matching calls.") @Accepted(min = "0", max = "1")
            double share,

            @Description("The delay of a call.") @Accepted(min = "0s", max = "5m")
            Duration delay,

            @Description("The code that a call fails with; `none` if it does not fail.")
            Optional<Code> code) {
        /** No delay and no failure, for every call. */
        public static final InjectedFault DEFAULT =
                new InjectedFault(Optional.empty(), Match.DEFAULT, 1, Duration.ZERO, Optional.empty());

        /** @throws IllegalArgumentException if a value is out of range */
        public InjectedFault {
            PolicyChecks.within("share", share, 0.0, 1.0);
            PolicyChecks.within("delay", delay, Duration.ZERO, DELAY_MAX);
        }
    }
}
