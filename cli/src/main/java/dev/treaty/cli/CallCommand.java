package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.cli.output.Style;
import dev.treaty.codec.Json;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.contract.ServiceName;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty call}: one call, as a program would make it. */
@Command(
        name = "call",
        description = "Calls an operation and prints the response as JSON. A fault is printed on the error stream, and"
                + " the exit code is 1.",
        footer = {
            "",
            "Examples:",
            "  treaty call shop.Orders get '{\"id\":\"42\"}'",
            "  treaty call shop.Orders place @order.json --deadline 2s",
            "  echo '{\"customer\":\"ann\"}' | treaty call shop.Storefront browse -"
        })
final class CallCommand implements Callable<Integer> {
    /** The largest request read, in bytes. */
    static final int REQUEST_BYTES_MAX = 64 << 20;

    @Parameters(
            index = "0",
            paramLabel = "SERVICE",
            converter = Converters.Service.class,
            description = "The service, such as shop.Orders.")
    @SuppressWarnings("NullAway.Init") // required
    private ServiceName service;

    @Parameters(index = "1", paramLabel = "OPERATION", description = "The operation, such as get.")
    @SuppressWarnings("NullAway.Init") // required
    private String operation;

    @Parameters(
            index = "2",
            paramLabel = "REQUEST",
            defaultValue = "{}",
            description = "A JSON object, @FILE that holds one, or - to read it from the standard input; {} where it is"
                    + " left out.")
    @SuppressWarnings("NullAway.Init") // has a default
    private String request;

    @Option(
            names = "--deadline",
            paramLabel = "DURATION",
            defaultValue = "10s",
            converter = Converters.Time.class,
            description = "How long to wait for the answer, retries included, such as 2s; 10s where it is left out.")
    @SuppressWarnings("NullAway.Init") // has a default
    private Duration deadline;

    @Option(
            names = "--header",
            paramLabel = "NAME=VALUE",
            description = "A header to send along; may be given several times.")
    private Map<String, String> headers = new HashMap<>();

    @Option(names = "--json", description = "Print the response on one line, and a fault as a JSON object.")
    private boolean json;

    @Mixin
    private final RegistryOptions registry = new RegistryOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!deadline.isPositive()) {
            throw new ParameterException(spec.commandLine(), "--deadline must be more than nothing, such as 2s");
        }
        Map<String, ?> message = message(text());
        try (Treaty treaty = registry.open()) {
            var response = treaty.client().call(service.value(), operation, message, deadline, headers);
            return switch (response) {
                case ServiceResponse.Ok<?> ok -> {
                    spec.commandLine().getOut().println(json ? Json.text(ok.value()) : Json.indented(ok.value()));
                    yield Main.OK;
                }
                case ServiceResponse.Failed<?> failed -> {
                    print(failed.fault());
                    yield Main.FAILED;
                }
            };
        }
    }

    private String text() throws IOException {
        if (request.equals("-")) {
            return new String(System.in.readNBytes(REQUEST_BYTES_MAX), StandardCharsets.UTF_8);
        }
        return request.startsWith("@") ? Files.readString(Path.of(request.substring(1))) : request;
    }

    private Map<String, ?> message(String text) {
        Object value;
        try {
            value = Json.read(text);
        } catch (RuntimeException e) {
            throw new ParameterException(spec.commandLine(), "the request: " + e.getMessage());
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw new ParameterException(
                    spec.commandLine(), "the request must be a JSON object, such as '{\"id\":\"42\"}'");
        }
        var message = new LinkedHashMap<String, Object>();
        map.forEach((name, field) -> message.put(String.valueOf(name), field));
        return message;
    }

    private void print(Fault fault) {
        PrintWriter err = spec.commandLine().getErr();
        if (json) {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("code", fault.code().wire());
            fields.put("message", fault.message());
            err.println(Json.text(fields));
        } else {
            err.println(Style.FAULT.paint(
                            spec.commandLine().getColorScheme().ansi(),
                            fault.code().wire()) + ": " + fault.message());
        }
    }
}
