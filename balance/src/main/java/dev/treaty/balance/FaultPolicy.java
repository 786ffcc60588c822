package dev.treaty.balance;

import dev.treaty.balance.RoutingPolicy.Match;
import dev.treaty.core.call.Code;
import dev.treaty.core.contract.ServiceName;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Faults that are put in the way of calls on purpose, to see what they do. There are none unless somebody asks for
 * them; each says that it is not real.
 *
 * @param faults what is done; every one that matches a call is
 */
public record FaultPolicy(List<InjectedFault> faults) {
    /** No faults. */
    public static final FaultPolicy NONE = new FaultPolicy(List.of());

    /** The most faults. */
    public static final int FAULTS_MAX = 100;

    /** The longest delay. */
    public static final Duration DELAY_MAX = Duration.ofMinutes(5);

    /** @throws IllegalArgumentException where there are too many */
    public FaultPolicy {
        faults = List.copyOf(faults);
        PolicyChecks.within("the number of faults", faults.size(), 0, FAULTS_MAX);
    }

    /**
     * One fault: a delay, a failure, or both.
     *
     * @param service the service that is called; empty for every one
     * @param when which calls of it
     * @param share of them, from 0 to 1
     * @param delay how long a call is held up
     * @param code what it fails with, if it fails
     */
    public record InjectedFault(
            Optional<ServiceName> service, Match when, double share, Duration delay, Optional<Code> code) {
        /** Nothing, to every call. */
        public static final InjectedFault DEFAULT =
                new InjectedFault(Optional.empty(), Match.DEFAULT, 1, Duration.ZERO, Optional.empty());

        /** @throws IllegalArgumentException where a value is out of range */
        public InjectedFault {
            PolicyChecks.within("share", share, 0, 1);
            PolicyChecks.within("delay", delay, Duration.ZERO, DELAY_MAX);
        }
    }
}
