package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.FaultDetail;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ResponseMetadata;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code treaty call}: makes one call. */
@Command(
        name = "call",
        description = {
            "Calls an operation and prints the response as JSON.",
            "A fault is printed on the error stream, and the exit code is 1."
        },
        footer = {
            "  treaty call shop.Orders get '{\"id\":\"42\"}'",
            "  treaty call shop.Orders place @order.json --deadline 2s",
            "  treaty call shop.Orders get '{\"id\":\"42\"}' -H 'x-tenant: acme' -v",
            "  echo '{\"customer\":\"ann\"}' | treaty call shop.Storefront browse -"
        })
final class CallCommand extends OutputCommand {
    /** The largest request that is read, in bytes. */
    private static final int REQUEST_BYTES_MAX = 64 << 20;

    @Parameters(index = "0", paramLabel = "SERVICE", description = "The service, such as shop.Orders.")
    @SuppressWarnings("NullAway.Init") // required
    private ServiceName service;

    @Parameters(index = "1", paramLabel = "OPERATION", description = "The operation, such as get.")
    private String operation = "";

    @Parameters(
            index = "2",
            arity = "0..1",
            paramLabel = "REQUEST",
            description = "A JSON object, @FILE for a file with one, or - for the standard input (default: {}).")
    private String request = "{}";

    @Option(
            names = "--deadline",
            paramLabel = "DURATION",
            description = "The longest wait for the response, including retries (default: 10s).")
    private Duration deadline = Duration.ofSeconds(10);

    @Option(
            names = {"-H", "--header"},
            paramLabel = "'NAME: VALUE'",
            description = "A header to send; repeatable. The value of a name that ends in -bin is Base64.")
    private List<String> headers = List.of();

    @Option(
            names = {"-v", "--verbose"},
            description = {
                "Print headers, trailers, instance, attempts and trace of the response on the error stream,",
                "and the details of a fault: as text, or in Base64."
            })
    private boolean verbose;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!deadline.isPositive()) {
            throw usageError("--deadline must be greater than zero, such as 2s");
        }
        Map<String, ?> message = message(text());
        Headers sent = headers();
        try (Treaty treaty = registry.open()) {
            ServiceResponse<?> response = treaty.client().call(service.value(), operation, message, deadline, sent);
            if (verbose) {
                printMetadata(response);
            }
            return switch (response) {
                case ServiceResponse.Ok<?> ok -> {
                    out().println(PrintableText.json(json() ? Json.text(ok.value()) : Json.indented(ok.value())));
                    yield Main.OK;
                }
                case ServiceResponse.Failed<?> failed -> {
                    Fault fault = failed.fault();
                    String code = fault.code().wire();
                    ErrorHandler.print(
                            spec().commandLine(),
                            json(),
                            code,
                            code,
                            PrintableText.line(fault.message()) + suggestion(treaty, fault));
                    yield Main.FAILED;
                }
            };
        }
    }

    private Headers headers() {
        Headers all = Headers.NONE;
        for (String header : headers) {
            int colon = header.indexOf(':');
            if (colon < 0) {
                throw usageError("a header has a name and a value: 'NAME: VALUE'");
            }
            try {
                all = all.and(header.substring(0, colon).strip(), header.substring(colon + 1));
            } catch (IllegalArgumentException e) {
                throw usageError(String.valueOf(e.getMessage()));
            }
        }
        return all;
    }

    private void printMetadata(ServiceResponse<?> response) {
        ResponseMetadata metadata = response.metadata();
        String origin = response instanceof ServiceResponse.Ok<?> ok
                ? ok.origin().name().toLowerCase(Locale.ROOT)
                : "";
        List<FaultDetail> details = response instanceof ServiceResponse.Failed<?> failed
                ? failed.fault().details()
                : List.of();
        var err = spec().commandLine().getErr();
        if (json()) {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("headers", map(metadata.headers()));
            fields.put("trailers", map(metadata.trailers()));
            fields.put("instance", metadata.instance());
            fields.put("attempts", metadata.attempts());
            fields.put("traceId", metadata.traceId());
            fields.put("origin", origin);
            fields.put("details", details.stream().map(CallCommand::fields).toList());
            err.println(PrintableText.json(Json.text(fields)));
            return;
        }
        print(err, "header ", metadata.headers());
        print(err, "trailer ", metadata.trailers());
        if (!metadata.instance().isEmpty()) {
            err.println(PrintableText.line("instance " + metadata.instance()));
        }
        err.println("attempts " + metadata.attempts());
        err.println("trace " + metadata.traceId());
        if (!origin.isEmpty()) {
            err.println("origin " + origin);
        }
        for (FaultDetail detail : details) {
            err.println(PrintableText.line("detail " + detail.type() + " " + shown(detail)));
        }
    }

    private static Map<String, Object> fields(FaultDetail detail) {
        return Map.of("type", detail.type(), "value", shown(detail));
    }

    /** The value as text without secrets if it is printable, otherwise in Base64 without padding, as on the wire. */
    private static String shown(FaultDetail detail) {
        String text = detail.text();
        return PrintableText.isPrintable(text)
                        && FaultDetail.text(detail.type(), text).equals(detail)
                ? Secrets.mask(text)
                : Base64.getEncoder().withoutPadding().encodeToString(detail.value());
    }

    private static void print(PrintWriter err, String kind, Headers headers) {
        for (int i = 0; i < headers.size(); i++) {
            err.println(kind + masked(headers, i));
        }
    }

    /** The header as a line; the name tells whether the value is secret. */
    private static String masked(Headers headers, int index) {
        return Secrets.mask(headers.name(index) + ": " + headers.value(index));
    }

    private static Map<String, List<String>> map(Headers headers) {
        var map = new LinkedHashMap<String, List<String>>();
        for (int i = 0; i < headers.size(); i++) {
            String name = headers.name(i);
            map.computeIfAbsent(name, _ -> new ArrayList<>())
                    .add(masked(headers, i).substring(name.length() + 2));
        }
        return map;
    }

    /** Returns what explains that no instance got the call: an unreachable registry, or a mistyped service. */
    private String suggestion(Treaty treaty, Fault fault) {
        if (fault.reached()) {
            return "";
        }
        Optional<String> unreachable =
                treaty.registry().staleSince().flatMap(_ -> treaty.registry().problem());
        if (unreachable.isPresent()) {
            String problem = PrintableText.line(unreachable.get());
            return (fault.message().contains(unreachable.get()) ? "" : "; " + problem) + RegistryOptions.HINT;
        }
        return fault.code() == Code.UNAVAILABLE ? RegistryOptions.suggestion(treaty, service) : "";
    }

    private String text() throws IOException {
        if (request.equals("-")) {
            return new String(System.in.readNBytes(REQUEST_BYTES_MAX), StandardCharsets.UTF_8);
        }
        return request.startsWith("@") ? text(Path.of(request.substring(1))) : request;
    }

    private Map<String, ?> message(String text) {
        try {
            if (Json.read(text) instanceof Map<?, ?> map) {
                var message = new LinkedHashMap<String, Object>();
                map.forEach((name, field) -> message.put(String.valueOf(name), field));
                return message;
            }
        } catch (MessageException e) {
            throw usageError("the request: " + e.getMessage());
        }
        throw usageError("the request must be a JSON object, such as '{\"id\":\"42\"}'");
    }
}
