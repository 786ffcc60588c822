package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Principal;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.PeerIdentity;
import dev.treaty.core.text.Secrets;
import dev.treaty.http.server.ServerParts.Rules;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.ReferenceCountUtil;
import java.security.cert.CertificateException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** What a connection with HTTP/1.1 and a stream of HTTP/2 share: one exchange at a time, and its timeouts. */
abstract class ExchangeHandler extends ChannelInboundHandlerAdapter {
    private static final System.Logger LOGGER = System.getLogger(ExchangeHandler.class.getName());

    private static final Authentication.Refused FAILED = new Authentication.Refused(
            Fault.unreached(Code.UNAVAILABLE, "the credentials cannot be checked at present"));

    final ServerParts parts;

    /** Whether all requests are rejected, because the server has too many connections. */
    final boolean rejecting;

    /** Where the connection comes from. */
    final Peer peer;

    /** What has arrived and is received later; created when it is needed. */
    private @Nullable Queue<Object> waiting;

    @Nullable
    Exchange exchange;

    /** Checks the credentials of a request; null if none are being checked. */
    private @Nullable Thread checking;

    /** Which pages may call, as it was when the request arrived. */
    Cors cors;

    /** The origin of a page that may read the response. */
    @Nullable
    String origin;

    /** Whether the response has no body, since the request is a HEAD request. */
    boolean withoutBody;

    // Set by handlerAdded.
    ChannelHandlerContext context;
    ConnectionTimeout timeout;

    @SuppressWarnings("NullAway.Init")
    ExchangeHandler(ServerParts parts, boolean rejecting, Peer peer) {
        this.parts = parts;
        this.rejecting = rejecting;
        this.peer = peer;
        this.cors = parts.rules().get().cors();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        timeout = new ConnectionTimeout(added.executor(), parts.time(), this::timedOut);
    }

    private void timedOut() {
        Exchange current = exchange;
        if (current == null || responded()) {
            disconnect();
        } else if (current.deadline() != null && current.deadline().expired(parts.time())) {
            current.expire();
        } else {
            current.abandon();
            disconnect();
        }
    }

    /** Whether the response is being sent. */
    abstract boolean responded();

    /** Ends the connection or stream. */
    abstract void disconnect();

    /** Sends the response. */
    abstract void respond(Response response);

    /** Lets the request that has been received be the last one of its connection. */
    abstract void lastRequest();

    /**
     * Goes on with a request whose credentials have been checked, and with what is waiting.
     *
     * @param rejected why it is rejected; null if its exchange has begun
     */
    abstract void checked(@Nullable RequestRejected rejected);

    /** Whether credentials are being checked. */
    final boolean checking() {
        return checking != null;
    }

    /**
     * Begins the exchange of a request whose body follows.
     *
     * @param bodyBytes the announced size of the body; -1 if it is not known
     * @return false if its credentials must be checked before; then nothing is read until {@link #checked}
     * @throws RequestRejected if the request is rejected
     */
    final boolean begin(String method, String target, HttpHeaders headers, long bodyBytes) {
        if (rejecting) {
            throw new RequestRejected(Code.UNAVAILABLE, "the server has too many connections: call another instance");
        }
        var request = new Request(method, target, headers, peer.client(headers), identity());
        Rules rules = parts.rules().get();
        cors = rules.cors();
        origin = cors.origin(request);
        if (Cors.isPreflight(request)) {
            begin(request, _ -> rules.cors().preflight(request), bodyBytes, rules);
            return true;
        }
        return switch (parts.application().authenticate(request)) {
            case null -> begin(request, (Principal) null, bodyBytes, rules);
            case Authentication.Accepted(var caller) -> begin(request, caller, bodyBytes, rules);
            case Authentication.Refused(var fault) -> throw new RequestRejected(fault);
            case Authentication.Pending(var check) -> {
                check(check, request, bodyBytes, rules);
                yield false;
            }
        };
    }

    private PeerIdentity identity() {
        try {
            return peer.identity();
        } catch (CertificateException e) {
            lastRequest();
            throw new RequestRejected(
                    Code.UNAVAILABLE, "the certificate of this connection is no longer valid: connect again");
        }
    }

    /** Checks credentials on a virtual thread; meanwhile nothing is read. */
    private void check(Callable<Authentication> check, Request request, long bodyBytes, Rules rules) {
        Runnable end = parts.checks().begin(request.client());
        timeout.within(parts.options().requestTimeout());
        context.channel().config().setAutoRead(false);
        Thread thread = BackgroundThread.once("treaty-authentication", Events.NONE, () -> {
            Authentication result;
            try {
                result = check.call();
            } catch (InterruptedException e) {
                throw e; // the client has left
            } catch (Exception e) {
                LOGGER.log(System.Logger.Level.ERROR, "Credentials could not be checked", Secrets.mask(e));
                result = FAILED;
            } finally {
                end.run();
            }
            Authentication known = result;
            try {
                context.executor().execute(() -> checked(known, request, bodyBytes, rules));
            } catch (RejectedExecutionException _) {
                // The server is closed, and with it the connection.
            }
        });
        checking = thread;
        thread.start();
    }

    private void checked(Authentication result, Request request, long bodyBytes, Rules rules) {
        if (checking == null) {
            return; // the client has left
        }
        checking = null;
        RequestRejected rejected = null;
        try {
            switch (result) {
                case Authentication.Accepted(var caller) -> begin(request, caller, bodyBytes, rules);
                case Authentication.Refused(var fault) -> throw new RequestRejected(fault);
                case Authentication.Pending _ -> throw new RequestRejected(FAILED.fault());
            }
        } catch (RequestRejected e) {
            rejected = e;
        }
        checked(rejected);
    }

    private boolean begin(Request request, @Nullable Principal caller, long bodyBytes, Rules rules) {
        begin(request, parts.application().accept(request, caller, rules.bodyBytesMax()), bodyBytes, rules);
        return true;
    }

    private void begin(Request request, Action action, long bodyBytes, Rules rules) {
        var begun = new Exchange(
                request, action, bodyBytes, parts.budget(), rules.bodyBytesMax(), context.executor(), this::respond);
        exchange = begun;
        timeout.within(parts.options().requestTimeout(), begun.deadline());
    }

    /** Runs the action, since the whole request has been received; returns false if it has been answered before. */
    final boolean run() {
        Exchange current = exchange;
        if (current == null || current.over()) {
            return false;
        }
        Deadline deadline = current.deadline();
        if (deadline == null) {
            timeout.stop();
        } else {
            timeout.until(deadline);
        }
        current.complete();
        return true;
    }

    /** Ends an exchange whose response has been written. */
    static void written(@Nullable Exchange answered) {
        if (answered != null) {
            answered.ended();
        }
    }

    /** Ends the exchange, since the client has left. */
    final void abandon() {
        Exchange current = exchange;
        if (current != null) {
            current.abandon();
        }
        Thread check = checking;
        if (check != null) {
            checking = null;
            check.interrupt();
        }
    }

    /** Keeps what has arrived until it is received. */
    final void keep(Object arrived) {
        if (waiting == null) {
            waiting = new ArrayDeque<>();
        }
        waiting.add(arrived);
    }

    /** Whether something has arrived that is not received. */
    final boolean waits() {
        return waiting != null && !waiting.isEmpty();
    }

    /** Returns what has arrived next; null if there is nothing. */
    final @Nullable Object nextWaiting() {
        return waiting == null ? null : waiting.poll();
    }

    /** Releases what has arrived and is not received. */
    final void dropWaiting() {
        for (Object next = nextWaiting(); next != null; next = nextWaiting()) {
            ReferenceCountUtil.release(next);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        abandon();
        dropWaiting();
        timeout.close();
    }
}
