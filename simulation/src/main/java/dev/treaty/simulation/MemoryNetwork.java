package dev.treaty.simulation;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * An in-memory transport: the handler at an endpoint handles each call on a thread of its own, as a server does. Hosts
 * can crash and freeze. Messages are not encoded.
 */
public final class MemoryNetwork implements Transport {
    private final Time time;
    private final Map<ServiceEndpoint, Host> hosts = new ConcurrentHashMap<>();

    /** Creates a network without hosts. */
    public MemoryNetwork(Time time) {
        this.time = time;
    }

    private static final class Host {
        final Handler handler;
        final Map<Long, Promise<ServiceResponse<?>>> calls = new ConcurrentSkipListMap<>(); // in the order of arrival
        final AtomicLong called = new AtomicLong();
        volatile boolean frozen;
        volatile boolean crashed;

        Host(Handler handler) {
            this.handler = handler;
        }
    }

    /** Starts a host; one at the same endpoint crashes. */
    public void host(ServiceEndpoint endpoint, Handler handler) {
        crash(hosts.put(endpoint, new Host(handler)));
    }

    /** Removes a host: calls in progress fail, and later ones are not reached. */
    public void crash(ServiceEndpoint endpoint) {
        crash(hosts.remove(endpoint));
    }

    private static void crash(@Nullable Host host) {
        if (host != null) {
            host.crashed = true;
            host.calls
                    .values()
                    .forEach(response -> response.complete(
                            ServiceResponse.failed(Code.UNAVAILABLE, "the connection broke while waiting")));
        }
    }

    /** Freezes a host: it accepts calls and does not respond, like a stopped process. */
    public void freeze(ServiceEndpoint endpoint) {
        Host host = hosts.get(endpoint);
        if (host != null) {
            host.frozen = true;
        }
    }

    @Override
    public Connection connect(ServiceEndpoint endpoint) {
        return new Connection() {
            private volatile boolean closed;

            @Override
            public ServiceResponse<?> handle(Call call) throws InterruptedException {
                Host host = hosts.get(endpoint);
                if (host == null || closed) {
                    return ServiceResponse.failed(
                            Fault.unreached(Code.UNAVAILABLE, "no server listens at " + endpoint));
                }
                return exchange(host, call);
            }

            @Override
            public void close() {
                closed = true;
            }
        };
    }

    private ServiceResponse<?> exchange(Host host, Call call) throws InterruptedException {
        var response = new Promise<ServiceResponse<?>>();
        long number = host.called.incrementAndGet();
        host.calls.put(number, response);
        if (host.crashed) {
            response.complete(ServiceResponse.failed(Code.UNAVAILABLE, "the connection broke while waiting"));
        }
        Thread server = BackgroundThread.startOnce("memory-server", Events.NONE, () -> {
            try {
                if (!host.frozen) {
                    var handled = host.handler.handle(call.with(received(call.context())));
                    if (!host.frozen) {
                        response.complete(handled);
                    }
                }
            } catch (InterruptedException e) {
                response.complete(ServiceResponse.failed(Code.CANCELED, "the caller gave up"));
            } catch (RuntimeException | Error e) {
                response.complete(ServiceResponse.failed(Code.INTERNAL, "internal error"));
                throw e;
            }
        });
        try {
            var received = response.await(time, call.context().deadline().remainingNanos(time));
            return received != null
                    ? received
                    : ServiceResponse.failed(Code.DEADLINE_EXCEEDED, "no response before the deadline");
        } finally {
            server.interrupt();
            host.calls.remove(number);
        }
    }

    /** The context as the server sees it: all that is sent, and a record of its own. */
    private static CallContext received(CallContext sent) {
        return new CallContext(
                sent.deadline(),
                sent.caller(),
                sent.trace(),
                sent.attempt(),
                sent.priority(),
                sent.mirrored(),
                sent.headers(),
                Headers.NONE,
                new DecisionRecord(),
                sent.cancellation());
    }

    /** Crashes every host. */
    @Override
    public void close() {
        hosts.keySet().forEach(this::crash);
    }
}
