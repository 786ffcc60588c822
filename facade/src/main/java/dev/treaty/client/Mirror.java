package dev.treaty.client;

import dev.treaty.balance.Candidates;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.balance.Selection;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Cancellation;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Pipeline.Step;
import dev.treaty.core.call.Priority;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.RuntimeDependencies;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Sends copies of calls to other instances, on separate threads, and discards their responses. */
public final class Mirror {
    /** The maximum number of copies in flight for one service; further calls are not copied. */
    public static final int COPIES_MAX = 64;

    private final List<Step> filters;
    private final RuntimeDependencies runtime;
    private final AtomicInteger copies = new AtomicInteger();

    /** @param filters the application's filters around each attempt */
    Mirror(List<Step> filters, RuntimeDependencies runtime) {
        this.filters = filters;
        this.runtime = runtime;
    }

    /** Sends a copy of the call if the routing rules select it for copying. */
    void copy(Call call, Selection<Node> selection) {
        Candidates<Node> candidates = selection.mirrorFor(call, runtime.random());
        if (candidates == null) {
            return;
        }
        if (copies.incrementAndGet() > COPIES_MAX) {
            copies.decrementAndGet();
            return;
        }
        BackgroundThread.startOnce("treaty-mirror", runtime.events(), () -> {
            try {
                Call copy = call.with(context(call.context()));
                int index = candidates.pick(copy, runtime.time().nanoTime());
                if (index != LoadBalancer.NONE) {
                    candidates.member(index).copy(filters, copy);
                }
            } finally {
                copies.decrementAndGet();
            }
        });
    }

    private static CallContext context(CallContext of) {
        return new CallContext(
                of.deadline(),
                of.caller(),
                of.trace(),
                of.attempt(),
                Priority.SHEDDABLE, // its response is discarded
                true,
                of.headers(),
                Headers.NONE,
                new DecisionRecord(),
                new Cancellation());
    }
}
