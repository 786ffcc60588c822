package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.http.server.ServerParts.Rules;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/** What a connection with HTTP/1.1 and a stream of HTTP/2 share: one exchange at a time, and its timeouts. */
abstract class ExchangeHandler extends ChannelInboundHandlerAdapter {
    final ServerParts parts;

    /** Whether all requests are rejected, because the server has too many connections. */
    final boolean rejecting;

    @Nullable
    Exchange exchange;

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
    ExchangeHandler(ServerParts parts, boolean rejecting) {
        this.parts = parts;
        this.rejecting = rejecting;
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

    /**
     * Begins the exchange of a request whose body follows.
     *
     * @param bodyBytes the announced size of the body; -1 if it is not known
     * @throws RequestRejected if the request is rejected
     */
    final void begin(Request request, long bodyBytes) {
        if (rejecting) {
            throw new RequestRejected(Code.UNAVAILABLE, "the server has too many connections: call another instance");
        }
        Rules rules = parts.rules().get();
        cors = rules.cors();
        origin = cors.origin(request);
        Action action = Cors.isPreflight(request)
                ? _ -> rules.cors().preflight(request)
                : parts.application().accept(request, rules.bodyBytesMax());
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
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        abandon();
        timeout.close();
    }
}
