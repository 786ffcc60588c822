package dev.treaty;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Pipeline;
import dev.treaty.core.call.Pipeline.Step;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.Guard;
import java.util.List;
import java.util.function.Function;

/** The one way a call takes: one method per side, one line and one reason per step, outermost first. */
final class Pipelines {
    private Pipelines() {}

    /**
     * The client's side, for one service.
     *
     * @param guard the service's fault tolerance
     * @param fallbacks what answers each call in the service's place
     * @param balance picks a node and makes the attempt there, behind the node's breaker
     */
    static Pipeline client(
            Guard guard,
            Function<? super Call, ? extends Fallback<Object>> fallbacks,
            Handler balance,
            Time time,
            Events events) {
        return new Pipeline(
                List.of(
                        new Step(
                                "observe",
                                "outermost, so that it sees what the caller sees",
                                new Observe(Side.CLIENT, time, events)),
                        new Step(
                                "deadline",
                                "before anything that waits, so that all of it ends in time",
                                guard.deadline()),
                        new Step(
                                "guard",
                                "around the picking, so that each attempt can go elsewhere",
                                guard::describe,
                                guard.filter(fallbacks))),
                "balance          picks a node: breaker, observe attempt, transport",
                balance);
    }

    /** The server's side, for one service. */
    static Pipeline server(Handler dispatch, Time time, Events events) {
        return new Pipeline(
                List.of(
                        new Step(
                                "observe",
                                "outermost, so that it sees what the caller gets",
                                new Observe(Side.SERVER, time, events)),
                        new Step(
                                "deadline",
                                "nobody waits for an answer that comes too late, so it is not begun",
                                expired(time))),
                "dispatch         your code, with the call's context bound to its thread",
                dispatch);
    }

    private static Filter expired(Time time) {
        return (call, next) -> call.context().deadline().expired(time)
                ? ServiceResponse.failed(Fault.unreached(
                        Code.DEADLINE_EXCEEDED, "the deadline had passed before " + call.path() + " could begin"))
                : next.handle(call);
    }
}
