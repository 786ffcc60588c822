package dev.treaty.client;

import dev.treaty.balance.Candidates;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.Priority;
import dev.treaty.core.time.Time;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Sends copies of calls elsewhere, in threads of their own, and throws their answers away. */
public final class Mirror {
    /** How many copies of one service's calls may be under way; what is beyond is not copied. */
    public static final int COPIES_MAX = 64;

    private final Time time;
    private final AtomicInteger copies = new AtomicInteger();

    Mirror(Time time) {
        this.time = time;
    }

    /** Sends a copy to one of those, if one takes it. */
    void copy(Call call, Candidates candidates) {
        if (copies.incrementAndGet() > COPIES_MAX) {
            copies.decrementAndGet();
            return;
        }
        Thread.ofVirtual().name("treaty-mirror").start(() -> {
            try {
                long now = time.nanoTime();
                Call copy = call.with(context(call.context()));
                int index = candidates.pick(copy, now);
                if (index != LoadBalancer.NONE) {
                    ((Node) candidates.member(index)).copy(copy);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                copies.decrementAndGet();
            }
        });
    }

    private static CallContext context(CallContext of) {
        Map<String, String> headers = new HashMap<>(of.headers());
        headers.put(CallContext.MIRROR, "true");
        return new CallContext(
                of.deadline(),
                of.caller(),
                of.trace(),
                of.attempt(),
                Priority.SHEDDABLE, // nobody waits for its answer
                Map.copyOf(headers),
                new DecisionRecord());
    }
}
