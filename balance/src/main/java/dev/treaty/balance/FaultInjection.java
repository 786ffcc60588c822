package dev.treaty.balance;

import dev.treaty.balance.FaultPolicy.InjectedFault;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.event.Side;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Injects configured faults into calls. It runs inside the retries, so that a call handles an injected fault like a
 * real one, and before the load balancer, so that no instance is blamed for it. Each injection emits an event, and the
 * message of a fault states that it was injected.
 */
public final class FaultInjection {
    private final Side side;
    private final RuntimeDependencies runtime;

    /** Fault injection on one side of calls. */
    public FaultInjection(Side side, RuntimeDependencies runtime) {
        this.side = side;
        this.runtime = runtime;
    }

    /**
     * Applies the faults that match the call.
     *
     * @param policy the faults that apply to the call
     * @return the response of a call that fails, null for all others
     */
    public @Nullable ServiceResponse<?> inject(FaultPolicy policy, Call call) throws InterruptedException {
        for (InjectedFault fault : policy.faults()) {
            if ((fault.service().isEmpty() || fault.service().get().equals(call.service()))
                    && fault.when().test(call)
                    && runtime.random().nextDouble() < fault.share()) {
                ServiceResponse<?> failed = inject(fault, call);
                if (failed != null) {
                    return failed;
                }
            }
        }
        return null;
    }

    private @Nullable ServiceResponse<?> inject(InjectedFault fault, Call call) throws InterruptedException {
        if (!fault.delay().isZero()) {
            runtime.events().emit(new Event.FaultInjected(side, call, "a delay of " + fault.delay()));
            long left = call.context().deadline().remainingNanos(runtime.time());
            runtime.time().sleep(Math.min(fault.delay().toNanos(), Math.max(0, left)));
            if (call.context().deadline().expired(runtime.time())) {
                return ServiceResponse.failed(Fault.unreached(
                        Code.DEADLINE_EXCEEDED, "the deadline passed in an injected delay of " + fault.delay()));
            }
        }
        if (fault.code().isEmpty()) {
            return null;
        }
        Code code = fault.code().get();
        runtime.events().emit(new Event.FaultInjected(side, call, code.wire()));
        // Marked as reached: like most real faults, it leaves open whether the request ran.
        return ServiceResponse.failed(Fault.of(
                code,
                "injected by configuration on the side of the " + side.name().toLowerCase(Locale.ROOT)
                        + ": this fault is not real"));
    }
}
