package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.text.PrintableText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
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

    @Option(names = "--header", paramLabel = "NAME=VALUE", description = "A request header; repeatable.")
    private Map<String, String> headers = new HashMap<>();

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!deadline.isPositive()) {
            throw usageError("--deadline must be greater than zero, such as 2s");
        }
        Map<String, ?> message = message(text());
        try (Treaty treaty = registry.open()) {
            return switch (treaty.client().call(service.value(), operation, message, deadline, headers)) {
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
