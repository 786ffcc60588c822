package dev.treaty.http.server;

import dev.treaty.codec.json.MessageReader;
import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.Priority;
import dev.treaty.core.call.Trace;
import dev.treaty.core.time.Time;
import dev.treaty.http.wire.HttpHeaders;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.Status;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Reads the headers of a call on the server. */
public final class RequestHead {
    private static final HeaderName TIMEOUT = HeaderNames.create(HttpHeaders.TIMEOUT, "Connect-Timeout-Ms");
    private static final HeaderName VERSION = HeaderNames.create(HttpHeaders.VERSION, "Connect-Protocol-Version");
    private static final HeaderName TRACE = HeaderNames.create(HttpHeaders.TRACE);
    private static final HeaderName CALLER = HeaderNames.create(HttpHeaders.CALLER, "Treaty-Caller");
    private static final HeaderName ATTEMPT = HeaderNames.create(HttpHeaders.ATTEMPT, "Treaty-Attempt");
    private static final HeaderName PRIORITY = HeaderNames.create(HttpHeaders.PRIORITY, "Treaty-Priority");
    private static final int TIMEOUT_DIGITS_MAX = 10;
    private static final int ATTEMPT_DIGITS_MAX = 4;

    private RequestHead() {}

    /** Rejects a request that is not a unary call with JSON. */
    public static void check(ServerRequestHeaders headers) {
        String type = headers.first(HeaderNames.CONTENT_TYPE).orElse("");
        if (!json(type)) {
            throw new RequestRejected(
                    Status.UNSUPPORTED_MEDIA_TYPE_415,
                    Code.UNIMPLEMENTED,
                    "the content type "
                            + (type.isEmpty() ? "is missing" : "\"" + MessageReader.echo(type) + "\" is not supported")
                            + ": send application/json");
        }
        headers.first(VERSION).filter(version -> !version.equals("1")).ifPresent(version -> {
            throw new RequestRejected(
                    Code.INVALID_ARGUMENT,
                    "Connect-Protocol-Version must be 1, not \"" + MessageReader.echo(version) + "\"");
        });
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

    /** Creates the context of a call from its headers. */
    public static CallContext context(ServerRequestHeaders headers, Time time, RandomGenerator random) {
        Deadline deadline = headers.first(TIMEOUT)
                .map(header -> deadline(header, time))
                .orElseGet(() -> Deadline.after(Deadline.MAX, time));
        if (deadline.expired(time)) {
            throw new RequestRejected(Code.DEADLINE_EXCEEDED, "the deadline had passed when the request arrived");
        }
        return new CallContext(
                deadline,
                headers.first(CALLER)
                        .map(HttpHeaders::decodeName)
                        .map(Principal::claimed)
                        .orElse(Principal.ANONYMOUS),
                headers.first(TRACE).flatMap(Trace::parse).orElseGet(() -> Trace.start(random)),
                headers.first(ATTEMPT).flatMap(RequestHead::attempt).orElse(1),
                headers.first(PRIORITY).flatMap(Priority::of).orElse(Priority.NORMAL),
                others(headers),
                new DecisionRecord());
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
        boolean plain = !text.isEmpty() && text.length() <= most && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return plain ? Optional.of(Long.parseLong(text)) : Optional.empty();
    }

    private static Map<String, String> others(ServerRequestHeaders headers) {
        Map<String, String> others = null;
        for (Header header : headers) {
            String name = header.headerName().lowerCase();
            if (!HttpHeaders.reserved(name)) {
                others = others == null ? new LinkedHashMap<>() : others;
                others.put(name, header.valueCount() == 1 ? header.get() : String.join(", ", header.allValues()));
            }
        }
        return others == null ? Map.of() : Map.copyOf(others);
    }
}
