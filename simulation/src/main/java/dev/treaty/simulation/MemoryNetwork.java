package dev.treaty.simulation;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Handler;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.call.Transport;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The in-memory twin of a transport: a call is handed to the handler that is hosted at the endpoint, in a thread of its
 * own, as a server would. Hosts can be crashed and frozen. Messages are passed on as they are, so it shows nothing of
 * how they are encoded.
 */
public final class MemoryNetwork implements Transport {
    private final Time time;
    private final Map<ServiceEndpoint, Host> hosts = new ConcurrentHashMap<>();

    /** A network where nobody listens yet. */
    public MemoryNetwork(Time time) {
        this.time = time;
    }

    private static final class Host {
        final Handler handler;
        final Map<Long, Promise<ServiceResponse<?>>> calls = new ConcurrentSkipListMap<>(); // in the order they came
        final AtomicLong called = new AtomicLong();
        volatile boolean frozen;
        volatile boolean crashed;

        Host(Handler handler) {
            this.handler = handler;
        }
    }

    /** Lets that handler answer at that endpoint; one that was there crashes. */
    public void host(ServiceEndpoint endpoint, Handler handler) {
        crash(hosts.put(endpoint, new Host(handler)));
    }

    /** Takes the host away: calls under way fail, and later ones find nobody. */
    public void crash(ServiceEndpoint endpoint) {
        crash(hosts.remove(endpoint));
    }

    private static void crash(@Nullable Host host) {
        if (host != null) {
            host.crashed = true;
            host.calls
                    .values()
                    .forEach(answer -> answer.complete(
                            ServiceResponse.failed(Code.UNAVAILABLE, "the connection broke while waiting")));
        }
    }

    /** From now on the host at that endpoint takes calls and answers none, as a stopped process does. */
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
                    return ServiceResponse.failed(Fault.unreached(Code.UNAVAILABLE, "nobody listens at " + endpoint));
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
        var answer = new Promise<ServiceResponse<?>>();
        long number = host.called.incrementAndGet();
        host.calls.put(number, answer);
        if (host.crashed) {
            answer.complete(ServiceResponse.failed(Code.UNAVAILABLE, "the connection broke while waiting"));
        }
        Thread server = Thread.ofVirtual().name("memory-server").start(() -> {
            try {
                if (!host.frozen) {
                    var response = host.handler.handle(call);
                    if (!host.frozen) {
                        answer.complete(response);
                    }
                }
            } catch (InterruptedException e) {
                answer.complete(ServiceResponse.failed(Code.CANCELED, "the call was given up"));
            } catch (RuntimeException e) {
                answer.complete(ServiceResponse.failed(Code.INTERNAL, "the service made a mistake"));
                throw e;
            }
        });
        try {
            var response = answer.await(time, call.context().deadline().remainingNanos(time));
            return response != null
                    ? response
                    : ServiceResponse.failed(Code.DEADLINE_EXCEEDED, "no answer came before the deadline");
        } finally {
            server.interrupt();
            host.calls.remove(number);
        }
    }

    /** Crashes every host. */
    @Override
    public void close() {
        hosts.keySet().forEach(this::crash);
    }
}
