package dev.treaty.http.server;

import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Cancellation;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.Trace;
import dev.treaty.core.time.Time;
import dev.treaty.http.wire.CallHeaders;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Reads the headers of a call on the server. */
public final class RequestHead {
    private static final int TIMEOUT_DIGITS_MAX = 10;
    private static final int ATTEMPT_DIGITS_MAX = 4;

    /** What Treaty's clients send with each call, so that a call with nothing else creates no headers. */
    private static final HttpHeaders OWN = own();

    /** Those, and what says who calls. */
    private static final HttpHeaders OWN_AND_PROOFS = own().set(HttpHeaderNames.AUTHORIZATION, "")
            .set(CallHeaders.CONSUL_TOKEN, "")
            .set("x-forwarded-client-cert", "");

    private RequestHead() {}

    /** Rejects a request that is not a unary call with JSON. */
    public static void check(HttpHeaders headers) {
        String type = headers.get(HttpHeaderNames.CONTENT_TYPE, "");
        if (!type.equals("application/json") && !json(type)) {
            throw new RequestRejected(
                    415,
                    Code.UNIMPLEMENTED,
                    "the content type "
                            + (type.isEmpty() ? "is missing" : "\"" + MessageReader.echo(type) + "\" is not supported")
                            + ": send application/json");
        }
        String encoding = headers.get(HttpHeaderNames.CONTENT_ENCODING);
        if (encoding != null && !Gzip.of(headers) && !encoding.strip().equalsIgnoreCase("identity")) {
            throw new RequestRejected(
                    Code.UNIMPLEMENTED,
                    "the content encoding \"" + MessageReader.echo(encoding)
                            + "\" is not supported: send gzip or identity");
        }
        String version = headers.get(CallHeaders.VERSION);
        if (version != null && !version.equals("1")) {
            throw new RequestRejected(
                    Code.INVALID_ARGUMENT,
                    "Connect-Protocol-Version must be 1, not \"" + MessageReader.echo(version) + "\"");
        }
    }

    private static boolean json(String type) {
        String[] parts = type.toLowerCase(Locale.ROOT).split(";", -1);
        if (!parts[0].strip().equals("application/json")) {
            return false;
        }
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
                return false;
            }
        }
        return true;
    }

    /** Returns the caller that the sender of a request claims to be. */
    public static Principal claimed(HttpHeaders headers) {
        String name = headers.get(CallHeaders.CALLER);
        return name == null ? Principal.ANONYMOUS : Principal.claimed(CallHeaders.decodeName(name));
    }

    /**
     * Creates the context of a call from its headers.
     *
     * @param caller who calls, if that has been proven; then what only claims or proves it is not passed on. Null if
     *     security is off
     */
    public static CallContext context(Request request, @Nullable Principal caller, Time time, RandomGenerator random) {
        HttpHeaders headers = request.headers();
        String timeout = headers.get(CallHeaders.TIMEOUT);
        Deadline deadline = timeout == null ? Deadline.after(Deadline.MAX, time) : deadline(timeout, time);
        if (timeout != null && deadline.expired(time)) {
            throw new RequestRejected(Code.DEADLINE_EXCEEDED, "the deadline had passed when the request arrived");
        }
        Optional<String> trace = header(headers, CallHeaders.TRACE);
        return new CallContext(
                deadline,
                caller == null ? claimed(headers) : caller,
                trace.flatMap(Trace::parse).orElseGet(() -> Trace.start(random)),
                header(headers, CallHeaders.ATTEMPT)
                        .flatMap(RequestHead::attempt)
                        .orElse(1),
                header(headers, CallHeaders.PRIORITY).flatMap(Priority::of).orElse(Priority.NORMAL),
                headers.contains(CallHeaders.MIRROR),
                others(headers, caller == null ? OWN : OWN_AND_PROOFS),
                Headers.NONE,
                new DecisionRecord(),
                new Cancellation(),
                request.client());
    }

    private static Optional<String> header(HttpHeaders headers, String name) {
        return Optional.ofNullable(headers.get(name));
    }

    private static Deadline deadline(String header, Time time) {
        return digits(header, TIMEOUT_DIGITS_MAX)
                .map(millis -> Deadline.after(Duration.ofMillis(millis), time))
                .orElseThrow(() -> new RequestRejected(
                        Code.INVALID_ARGUMENT,
                        "Connect-Timeout-Ms must be a whole number of at most " + TIMEOUT_DIGITS_MAX + " digits, not \""
                                + MessageReader.echo(header) + "\""));
    }

    private static Optional<Integer> attempt(String header) {
        return digits(header, ATTEMPT_DIGITS_MAX).filter(n -> n > 0).map(Long::intValue);
    }

    private static Optional<Long> digits(String text, int most) {
        boolean plain = !text.isEmpty() && text.length() <= most;
        long number = 0;
        for (int i = 0; plain && i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            plain = digit >= 0 && digit <= 9;
            number = number * 10 + digit;
        }
        return plain ? Optional.of(number) : Optional.empty();
    }

    private static Headers others(HttpHeaders headers, HttpHeaders own) {
        Headers.Receiver others = null;
        for (var each = headers.iteratorCharSequence(); each.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> header = each.next();
            if (!own.contains(header.getKey())) {
                String name = header.getKey().toString();
                others = others == null ? new Headers.Receiver() : others;
                if (!others.add(name, header.getValue().toString())) {
                    throw new RequestRejected(
                            Code.INVALID_ARGUMENT,
                            "the value of header " + MessageReader.echo(name.toLowerCase(Locale.ROOT))
                                    + " is not Base64");
                }
            }
        }
        return others == null ? Headers.NONE : others.headers();
    }

    private static HttpHeaders own() {
        var headers = new DefaultHttpHeaders();
        for (String name : List.of(
                "host",
                "content-type",
                "content-length",
                CallHeaders.VERSION,
                CallHeaders.TIMEOUT,
                CallHeaders.TRACE,
                CallHeaders.CALLER,
                CallHeaders.ATTEMPT,
                CallHeaders.PRIORITY)) {
            headers.set(name, "");
        }
        return headers;
    }
}
