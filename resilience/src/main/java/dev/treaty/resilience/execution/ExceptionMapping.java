package dev.treaty.resilience.execution;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.resilience.internal.Failure;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Maps exceptions of plain code to faults, unless a guard has a mapping of its own. The code of a fault decides whether
 * breakers count it, whether it is retried and whether a fallback answers.
 */
public final class ExceptionMapping {
    private ExceptionMapping() {}

    /** Returns the fault of an exception; one that proves that no server was reached says so, and is retryable. */
    public static Fault of(Exception e) {
        return switch (e) {
            case ServiceException s -> s.fault();
            case InterruptedException _ -> Fault.of(Code.CANCELED, "the thread was interrupted");
            case ConnectException _, NoRouteToHostException _, UnknownHostException _ ->
                Fault.unreached(Code.UNAVAILABLE, text(e));
            case SocketTimeoutException _, TimeoutException _ -> Fault.of(Code.DEADLINE_EXCEEDED, text(e));
            case IllegalArgumentException _ -> Fault.of(Code.INVALID_ARGUMENT, text(e));
            case NoSuchElementException _ -> Fault.of(Code.NOT_FOUND, text(e));
            case UnsupportedOperationException _ -> Fault.of(Code.UNIMPLEMENTED, text(e));
            default -> Fault.of(Code.UNKNOWN, text(e));
        };
    }

    /** Returns the failure of an attempt; an interrupt is always a cancellation. */
    static Failure failure(Exception e, Function<? super Exception, Fault> faults) {
        return Failure.of(e instanceof InterruptedException ? of(e) : faults.apply(e), e);
    }

    private static String text(Exception e) {
        String name = e.getClass().getSimpleName();
        String message = e.getMessage();
        return message == null ? name : name + ": " + message;
    }
}
