package dev.treaty.pipeline;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Cancellation;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Filter;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Pipeline;
import dev.treaty.core.call.Pipeline.Step;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.event.Side;
import dev.treaty.core.time.Time;
import dev.treaty.resilience.Admission;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FallbackPolicy;
import dev.treaty.resilience.Guard;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/** Assembles the pipelines of client and server: one method for each side, one line and one reason for each step. */
public final class Pipelines {
    private Pipelines() {}

    /**
     * Creates the client's pipeline for one service.
     *
     * @param guard the fault tolerance of the service
     * @param fallbacks returns the fallback of each call
     * @param balance selects a node and sends the attempt to it, behind the node's breaker
     */
    public static Pipeline client(
            Guard guard,
            BiFunction<? super Call, ? super FallbackPolicy, ? extends Fallback<Object>> fallbacks,
            Handler balance,
            RuntimeDependencies runtime) {
        return new Pipeline(
                List.of(
                        observeClient(runtime.time(), runtime.events()),
                        new Step(
                                "guard",
                                "sets the deadline, and is around the load balancer, so that each attempt can go to"
                                        + " another instance",
                                guard::describe,
                                guard.filter(fallbacks))),
                "balance          selects a node: breaker, observe attempt, transport",
                balance);
    }

    /** Creates the server's pipeline for one service with its limits. */
    public static Pipeline server(Admission admission, Handler dispatch, RuntimeDependencies runtime) {
        var steps = new ArrayList<>(unlimited(runtime.time(), runtime.events()));
        steps.add(new Step(
                "limit",
                "before any work is done, because a rejection only helps if it is cheap",
                admission::describe,
                admission));
        return server(steps, dispatch);
    }

    /** Creates the server's pipeline for a service without limits, which responds under any load. */
    public static Pipeline server(Handler dispatch, Time time, Events events) {
        return server(unlimited(time, events), dispatch);
    }

    private static Pipeline server(List<Step> steps, Handler dispatch) {
        return new Pipeline(steps, "dispatch         your code, with the call's context bound to its thread", dispatch);
    }

    private static List<Step> unlimited(Time time, Events events) {
        return List.of(
                observeServer(time, events),
                new Step(
                        "deadline",
                        "a call whose deadline has passed is not started, because its response would be too late",
                        Filter.wrapping(next ->
                                call -> call.context().deadline().expired(time)
                                        ? ServiceResponse.failed(Fault.unreached(
                                                Code.DEADLINE_EXCEEDED,
                                                "the deadline had passed before " + call.path() + " could begin"))
                                        : next.handle(call))));
    }

    private static final String OUTERMOST = "outermost, so that it sees what the caller sees";

    /** Measures a call and emits an event at its end. The call of a handler tells its own that it waits meanwhile. */
    private static Step observeClient(Time time, Events events) {
        return new Step("observe", OUTERMOST, Filter.wrapping(next -> call -> {
            long start = time.nanoTime();
            CallContext handled = CallContext.currentOrNull();
            if (handled == null) {
                return observed(call, next.handle(call), time.nanoTime() - start, events);
            }
            handled.record().calling(start);
            try {
                return observed(call, next.handle(call), time.nanoTime() - start, events);
            } finally {
                handled.record().called(time.nanoTime());
            }
        }));
    }

    private static ServiceResponse<?> observed(Call call, ServiceResponse<?> response, long nanos, Events events) {
        ServiceResponse<?> measured = response.withLatencyNanos(nanos);
        events.emit(new Event.CallEnded(Side.CLIENT, call, measured));
        return measured;
    }

    /** The same for a server, where a canceled call ends before its handler returns. */
    private static Step observeServer(Time time, Events events) {
        return new Step("observe", OUTERMOST, Filter.wrapping(next -> call -> {
            long start = time.nanoTime();
            Consumer<ServiceResponse<?>> emit = response -> events.emit(
                    new Event.CallEnded(Side.SERVER, call, response.withLatencyNanos(time.nanoTime() - start)));
            Cancellation.Registration early =
                    call.context().cancellation().onCancel(fault -> emit.accept(ServiceResponse.failed(fault)));
            ServiceResponse<?> response = next.handle(call);
            if (early.remove()) {
                emit.accept(response);
            }
            return response;
        }));
    }
}
