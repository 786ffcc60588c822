package dev.treaty.resilience.execution;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.resilience.internal.Failure;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.UndeclaredThrowableException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.UnresolvedAddressException;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Maps exceptions of plain code to faults, unless a guard has a mapping of its own. The code of a fault decides whether
 * breakers count it, whether it is retried and whether a fallback answers.
 */
public final class ExceptionMapping {
    /** The codes of exceptions by which code rejects its caller, and which show nothing about a service behind it. */
    private static final Set<Code> OF_CALLER = Set.of(Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.UNIMPLEMENTED);

    private ExceptionMapping() {}

    /** Returns the fault of an exception; one that proves that no server was reached says so, and is retryable. */
    public static Fault of(Throwable thrown) {
        Throwable e = unwrapped(thrown);
        return switch (e) {
            case ServiceException s -> s.fault();
            case InterruptedException _ -> Fault.of(Code.CANCELED, "the thread was interrupted");
            case ConnectException _, NoRouteToHostException _, UnknownHostException _, UnresolvedAddressException _ ->
                Fault.unreached(Code.UNAVAILABLE, text(e));
            case SocketTimeoutException _, TimeoutException _ -> Fault.of(Code.DEADLINE_EXCEEDED, text(e));
            case CancellationException _,
                    ClosedByInterruptException _,
                    FileLockInterruptionException _,
                    InterruptedIOException _ -> Fault.of(Code.CANCELED, text(e));
            case IllegalArgumentException _ -> Fault.of(Code.INVALID_ARGUMENT, text(e));
            case NoSuchElementException _ -> Fault.of(Code.NOT_FOUND, text(e));
            case UnsupportedOperationException _ -> Fault.of(Code.UNIMPLEMENTED, text(e));
            default ->
                switch (typeOfHttp(e.getClass())) {
                    case "HttpConnectTimeoutException" -> Fault.unreached(Code.UNAVAILABLE, text(e));
                    case "HttpTimeoutException" -> Fault.of(Code.DEADLINE_EXCEEDED, text(e));
                    default -> Fault.of(Code.UNKNOWN, text(e));
                };
        };
    }

    /** Returns the exception within those that only say where another was thrown. */
    private static Throwable unwrapped(Throwable thrown) {
        Throwable e = thrown;
        while ((e instanceof ExecutionException
                        || e instanceof CompletionException
                        || e instanceof UncheckedIOException
                        || e instanceof UndeclaredThrowableException
                        || e instanceof InvocationTargetException)
                && e.getCause() != null) {
            e = e.getCause();
        }
        return e;
    }

    /** Returns the first type of an exception that is of java.net.http, which this module does not require; or "". */
    private static String typeOfHttp(@Nullable Class<?> type) {
        if (type == null) {
            return "";
        }
        return type.getPackageName().equals("java.net.http") ? type.getSimpleName() : typeOfHttp(type.getSuperclass());
    }

    /**
     * Returns the failure of an attempt; an interrupt is always a cancellation.
     *
     * @param faults the mapping of the guard; null for {@link #of}. If it fails, or returns null, the exception keeps
     *     the meaning that it has without a mapping, and the failure of the mapping is suppressed in it
     */
    static Failure failure(Exception e, @Nullable Function<? super Exception, ? extends @Nullable Fault> faults) {
        Fault fault = null;
        if (faults != null && !(e instanceof InterruptedException)) {
            try {
                fault = faults.apply(e);
            } catch (Throwable failed) { // whatever it is: what the work threw is what the caller must know
                Failure.suppress(e, failed);
            }
        }
        if (fault != null) {
            return Failure.of(fault, e);
        }
        Fault meaning = of(e);
        boolean ofCaller = OF_CALLER.contains(meaning.code()) && !(unwrapped(e) instanceof ServiceException);
        return new Failure(meaning, e, ofCaller ? Failure.Kind.CALLER : Failure.Kind.SERVICE);
    }

    private static String text(Throwable e) {
        String name = e.getClass().getSimpleName();
        try {
            String message = e.getMessage();
            return message == null ? name : name + ": " + message;
        } catch (RuntimeException _) { // it is the exception of another library
            return name;
        }
    }
}
