package dev.treaty.http.server;

import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.text.Secrets;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.EventExecutor;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response. The body is collected on the event loop, within the limits; then the action runs on a
 * virtual thread. An exchange has exactly one response, except if the client leaves: that of the action, or an earlier
 * one at the deadline, which interrupts the action. Only the event loop uses it; the action's thread hands over its
 * response.
 */
final class Exchange {
    private static final System.Logger LOGGER = System.getLogger(Exchange.class.getName());
    private static final byte[] EMPTY = new byte[0];

    /** The memory for a large body is at most this multiple of what has arrived. */
    private static final int GROWTH_MAX = 4;

    private final Request request;
    private final Action action;
    private final BodyBudget budget;
    private final int bodyBytesMax;
    private final EventExecutor loop;
    private final Consumer<Response> respond;

    private byte[] body = EMPTY;
    private int length;
    private int reserved;
    private @Nullable Thread thread;
    private boolean over;
    private boolean ended;

    /**
     * An exchange whose body is expected.
     *
     * @param bodyBytes the announced size of the body; -1 if it is not known
     * @param bodyBytesMax the largest body
     * @param respond receives the response, on the event loop
     * @throws RequestRejected if the body is larger than what is left
     */
    Exchange(
            Request request,
            Action action,
            long bodyBytes,
            BodyBudget budget,
            int bodyBytesMax,
            EventExecutor loop,
            Consumer<Response> respond) {
        this.request = request;
        this.action = action;
        this.budget = budget;
        this.bodyBytesMax = bodyBytesMax;
        this.loop = loop;
        this.respond = respond;
        try {
            if (bodyBytes != 0) {
                expect(bodyBytes < 0 ? Math.min(BodyBudget.SMALL_MAX, bodyBytesMax) : bodyBytes);
                if (action.compressed() && reserved < bodyBytesMax) {
                    expect(bodyBytesMax);
                }
            }
        } catch (RequestRejected e) {
            end();
            ended();
            throw e;
        }
    }

    private void expect(long bytes) {
        if (bytes > bodyBytesMax) {
            throw tooLarge();
        }
        if (!budget.reserve((int) bytes)) {
            throw new RequestRejected(
                    Code.RESOURCE_EXHAUSTED,
                    "the server holds as many bytes of requests as it may: try another instance");
        }
        if (reserved > 0) {
            budget.release(reserved);
        }
        reserved = (int) bytes;
    }

    private RequestRejected tooLarge() {
        Fault fault = Fault.unreached(
                Code.RESOURCE_EXHAUSTED, "the request is larger than the limit of " + bodyBytesMax + " bytes");
        return new RequestRejected(fault.notRetryable());
    }

    /** When the exchange must have ended; null for no limit. */
    @Nullable
    Deadline deadline() {
        return action.deadline();
    }

    boolean over() {
        return over;
    }

    /** Adds a part of the body. */
    void content(ByteBuf part) {
        int bytes = part.readableBytes();
        if (over || bytes == 0) {
            return;
        }
        try {
            if (length + bytes > reserved) { // in chunks
                if (length + bytes > bodyBytesMax) {
                    throw tooLarge();
                }
                expect(bodyBytesMax);
            }
        } catch (RequestRejected e) {
            finish(e.response());
            return;
        }
        if (length + bytes > body.length) {
            // The announced size if it is small; otherwise the client must first send what memory is allocated for.
            int size = reserved <= BodyBudget.SMALL_MAX ? reserved : Math.min(reserved, GROWTH_MAX * (length + bytes));
            body = Arrays.copyOf(body, size);
        }
        part.readBytes(body, length, bytes);
        length += bytes;
    }

    /** The whole body has been received: runs the action. */
    void complete() {
        if (over) {
            return;
        }
        byte[] whole = length == body.length ? body : Arrays.copyOf(body, length);
        body = EMPTY;
        Thread runs = BackgroundThread.once("treaty-request", Events.NONE, () -> run(whole));
        thread = runs;
        runs.start();
    }

    private void run(byte[] whole) throws InterruptedException {
        Response response;
        try {
            response = action.run(whole);
        } catch (RequestRejected e) {
            response = e.response();
        } catch (InterruptedException e) {
            response = Responses.fault(Fault.of(Code.UNAVAILABLE, "the call was interrupted"));
        } catch (Throwable e) {
            response = Responses.fault(Fault.of(Code.INTERNAL, "internal error"));
            String path = MessageReader.echo(request.path());
            LOGGER.log(System.Logger.Level.ERROR, "The request for " + path + " failed", Secrets.mask(e));
        }
        Response answer = response;
        try {
            loop.execute(() -> finish(answer));
        } catch (RejectedExecutionException _) {
            // The server is closed, and with it the connection.
        }
    }

    /** Ends the exchange at its deadline. */
    void expire() {
        boolean begun = thread != null;
        String message = begun
                ? "the deadline passed while the call ran"
                : "the deadline passed before the request was received";
        Fault fault =
                begun ? Fault.of(Code.DEADLINE_EXCEEDED, message) : Fault.unreached(Code.DEADLINE_EXCEEDED, message);
        if (!over) {
            cancel(fault);
            respond.accept(Responses.fault(fault));
        }
    }

    /** Ends the exchange because its body is invalid. */
    void reject(RequestRejected rejected) {
        finish(rejected.response());
    }

    /** Ends the exchange without a response: the client has left. */
    void abandon() {
        if (!over) {
            cancel(Fault.of(Code.CANCELED, "the client left"));
        }
        ended();
    }

    /** The response has been written, or there will be none. */
    void ended() {
        if (!ended) {
            ended = true;
            action.ended();
        }
    }

    private void cancel(Fault reason) {
        Thread runs = thread;
        end();
        if (runs != null) {
            // In a thread of its own, since what is to be done at the end of a call may take a lock.
            BackgroundThread.startOnce("treaty-cancel", Events.NONE, () -> {
                action.cancel(reason);
                runs.interrupt();
            });
        }
    }

    private void finish(Response response) {
        if (!over) {
            end();
            respond.accept(response);
        }
    }

    private void end() {
        over = true;
        body = EMPTY;
        if (reserved > 0) {
            budget.release(reserved);
            reserved = 0;
        }
    }
}
