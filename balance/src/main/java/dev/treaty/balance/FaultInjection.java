package dev.treaty.balance;

import dev.treaty.balance.FaultPolicy.InjectedFault;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Puts configured faults in the way of calls. It stands inside the retries, so that a call meets it as it would meet a
 * real one; and before the picking, so that no instance is blamed for it. What it does is told as an event, and a fault
 * says in its message that it was injected.
 */
public final class FaultInjection implements Filter {
    private final Side side;
    private final Time time;
    private final RandomGenerator random;
    private final Events events;
    private volatile FaultPolicy policy;

    /** Faults on that side of calls. */
    public FaultInjection(FaultPolicy policy, Side side, Time time, RandomGenerator random, Events events) {
        this.policy = policy;
        this.side = side;
        this.time = time;
        this.random = random;
        this.events = events;
    }

    /** Other faults from the next call on. */
    public void reconfigure(FaultPolicy changed) {
        policy = changed;
    }

    @Override
    public ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException {
        for (InjectedFault fault : policy.faults()) {
            boolean meets = fault.service().isEmpty() || fault.service().get().equals(call.service());
            if (meets && fault.when().test(call) && random.nextDouble() < fault.share()) {
                ServiceResponse<?> failed = inject(fault, call);
                if (failed != null) {
                    return failed;
                }
            }
        }
        return next.handle(call);
    }

    private @Nullable ServiceResponse<?> inject(InjectedFault fault, Call call) throws InterruptedException {
        if (!fault.delay().isZero()) {
            events.emit(new Event.FaultInjected(side, call, "a delay of " + fault.delay()));
            long left = call.context().deadline().remainingNanos(time);
            time.sleep(Math.min(fault.delay().toNanos(), Math.max(0, left)));
            if (call.context().deadline().expired(time)) {
                return ServiceResponse.failed(Fault.unreached(
                        Code.DEADLINE_EXCEEDED, "the deadline passed in an injected delay of " + fault.delay()));
            }
        }
        if (fault.code().isEmpty()) {
            return null;
        }
        Code code = fault.code().get();
        events.emit(new Event.FaultInjected(side, call, code.wire()));
        // As with a real fault, nobody is to know whether the request has run.
        return ServiceResponse.failed(
                Fault.of(code, "injected by configuration on the side of the " + word() + ": this fault is not real"));
    }

    private String word() {
        return side == Side.CLIENT ? "client" : "server";
    }
}
