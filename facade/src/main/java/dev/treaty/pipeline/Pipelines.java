package dev.treaty.pipeline;

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
import dev.treaty.resilience.Admission;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FallbackPolicy;
import dev.treaty.resilience.Guard;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** The one way a call takes: one method per side, one line and one reason per step, outermost first. */
public final class Pipelines {
    private Pipelines() {}

    /**
     * The client's side, for one service.
     *
     * @param guard the service's fault tolerance
     * @param fallbacks what answers each call in the service's place
     * @param balance picks a node and makes the attempt there, behind the node's breaker
     */
    public static Pipeline client(
            Guard guard,
            BiFunction<? super Call, ? super FallbackPolicy, ? extends Fallback<Object>> fallbacks,
            Handler balance,
            Time time,
            Events events) {
        return new Pipeline(
                List.of(
                        new Step(
                                "observe",
                                "outermost, so that it sees what the caller sees",
                                new ObservationFilter(Side.CLIENT, time, events)),
                        new Step(
                                "guard",
                                "sets the deadline before anything waits; around the picking, so that each attempt can"
                                        + " go elsewhere",
                                guard::describe,
                                guard.filter(fallbacks))),
                "balance          picks a node: breaker, observe attempt, transport",
                balance);
    }

    /**
     * The server's side, for one service.
     *
     * @param admission its limits; null where there are none, for what has to answer under any load
     */
    public static Pipeline server(@Nullable Admission admission, Handler dispatch, Time time, Events events) {
        return new Pipeline(
                steps(
                        new Step(
                                "observe",
                                "outermost, so that it sees what the caller gets",
                                new ObservationFilter(Side.SERVER, time, events)),
                        new Step(
                                "deadline",
                                "nobody waits for an answer that comes too late, so it is not begun",
                                expired(time)),
                        admission == null
                                ? null
                                : new Step(
                                        "limit",
                                        "before any work is done, because a refusal is only worth it while it is cheap",
                                        admission::describe,
                                        admission)),
                "dispatch         your code, with the call's context bound to its thread",
                dispatch);
    }

    private static List<Step> steps(@Nullable Step... those) {
        var steps = new ArrayList<Step>();
        for (Step step : those) {
            if (step != null) {
                steps.add(step);
            }
        }
        return steps;
    }

    private static Filter expired(Time time) {
        return (call, next) -> call.context().deadline().expired(time)
                ? ServiceResponse.failed(Fault.unreached(
                        Code.DEADLINE_EXCEEDED, "the deadline had passed before " + call.path() + " could begin"))
                : next.handle(call);
    }
}
