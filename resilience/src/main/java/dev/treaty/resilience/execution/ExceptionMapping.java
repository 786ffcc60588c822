package dev.treaty.resilience.execution;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeoutException;

/** What an exception of plain code means, where nobody has said otherwise. */
public final class ExceptionMapping {
    private ExceptionMapping() {}

    /**
     * A fault has the code that decides everything else: whether breakers count it, whether it is tried again, whether
     * a fallback answers. What surely reached nobody is so marked, and may always be tried again.
     */
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

    private static String text(Exception e) {
        String name = e.getClass().getSimpleName();
        String message = e.getMessage();
        return message == null ? name : name + ": " + message;
    }
}
