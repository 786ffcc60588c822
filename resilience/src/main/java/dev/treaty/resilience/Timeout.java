package dev.treaty.resilience;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.time.Time;

/**
 * Gives every call its deadline: the policy's, or the one that it inherited where that is earlier. It is cooperative:
 * every wait of Treaty ends at the deadline, and no thread watches over the call.
 */
public final class Timeout implements Filter {
    private final Policies policies;
    private final Time time;

    /** Deadlines as the policies have them. */
    public Timeout(Policies policies, Time time) {
        this.policies = policies;
        this.time = time;
    }

    @Override
    public ServiceResponse<?> handle(Call call, Handler next) throws InterruptedException {
        var deadline = Deadline.after(policies.of(call.operation()).deadline(), time);
        Call limited = call.with(call.context().within(deadline));
        if (limited.context().deadline().expired(time)) {
            return ServiceResponse.failed(Fault.unreached(
                    Code.DEADLINE_EXCEEDED, "the deadline had passed before " + call.path() + " could be called"));
        }
        return next.handle(limited);
    }
}
