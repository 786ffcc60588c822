package dev.treaty.cli;

import dev.treaty.Treaty;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.http.JsonSchema;
import dev.treaty.http.OpenApi;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code treaty contract}: what a service promises. */
@Command(
        name = "contract",
        description = "Shows what a service promises, or exports it for other tools.",
        subcommands = {ContractCommand.Show.class, ContractCommand.Export.class},
        footer = {
            "",
            "Examples:",
            "  treaty contract show shop.Orders",
            "  treaty contract export shop.Orders --format openapi > orders.json",
            "  treaty contract export --class com.acme.Greetings --class-path target/classes"
        })
final class ContractCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    /** Which contract: one that a registry knows, one in a file, or one in a class. */
    static final class Source {
        @Parameters(
                paramLabel = "SERVICE|FILE",
                arity = "0..1",
                description = "A service that has published its contract, or a file of contract text.")
        private @Nullable String subject;

        @Option(
                names = "--class",
                paramLabel = "NAME",
                description = "A Java interface with @Contract, in place of a service.")
        private @Nullable String type;

        @Option(
                names = "--class-path",
                paramLabel = "PATH",
                split = ":",
                description = "Where the interface is: jars and folders, separated by colons.")
        private List<Path> classPath = List.of();

        @Mixin
        private final RegistryOptions registry = new RegistryOptions();

        /**
         * Reads the contract.
         *
         * @throws Failure where there is none
         */
        ServiceContract read(CommandSpec spec) throws IOException {
            String named = subject;
            String className = type;
            if ((named == null) == (className == null)) {
                throw new ParameterException(
                        spec.commandLine(), "name a service or a file, or a class with --class NAME --class-path PATH");
            }
            if (className != null) {
                return ofClass(className);
            }
            Path file = Path.of(String.valueOf(named));
            return Files.isRegularFile(file)
                    ? ServiceContract.parse(Files.readString(file))
                    : published(String.valueOf(named));
        }

        private ServiceContract ofClass(String className) throws IOException {
            URL[] urls = new URL[classPath.size()];
            for (int i = 0; i < urls.length; i++) {
                urls[i] = url(classPath.get(i));
            }
            try (var loader = new URLClassLoader(urls, ContractCommand.class.getClassLoader())) {
                return ServiceContract.of(Class.forName(className, false, loader));
            } catch (ClassNotFoundException | LinkageError e) {
                throw new Failure("class " + className + " cannot be loaded (" + e + "): check --class-path");
            }
        }

        private static URL url(Path path) throws MalformedURLException {
            if (!Files.exists(path)) {
                throw new Failure("there is nothing at " + path + ": check --class-path");
            }
            return path.toUri().toURL();
        }

        private ServiceContract published(String name) {
            try (Treaty treaty = registry.open()) {
                var contract = treaty.registry().contract(new ServiceName(name));
                RegistryOptions.reached(treaty);
                return contract.orElseThrow(() -> new Failure("no service has published a contract named " + name
                        + "; \"treaty services\" lists those that have"));
            }
        }
    }

    /** {@code treaty contract show}. */
    @Command(
            name = "show",
            description = "Prints a contract as text.",
            footer = {"", "Examples:", "  treaty contract show shop.Orders", "  treaty contract show orders.contract"})
    static final class Show implements Callable<Integer> {
        @Mixin
        private final Source source = new Source();

        @Spec
        @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
        private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            spec.commandLine().getOut().print(source.read(spec).text());
            return Main.OK;
        }
    }

    /** Forms in which a contract can be exported. */
    enum Format {
        /** Contract text, as {@code show} prints it. */
        TEXT,
        /** JSON Schema, draft 2020-12. */
        JSON_SCHEMA,
        /** OpenAPI 3.1. */
        OPENAPI;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** {@code treaty contract export}. */
    @Command(
            name = "export",
            description = "Prints a contract in a form that other tools read.",
            footer = {
                "",
                "Examples:",
                "  treaty contract export shop.Orders --format json-schema",
                "  treaty contract export --class com.acme.Greetings --class-path target/classes --format openapi"
            })
    static final class Export implements Callable<Integer> {
        @Mixin
        private final Source source = new Source();

        @Option(
                names = "--format",
                paramLabel = "FORMAT",
                defaultValue = "openapi",
                converter = Converters.ContractFormat.class,
                description = "One of text, json-schema, openapi; openapi where it is left out.")
        @SuppressWarnings("NullAway.Init") // has a default
        private Format format;

        @Spec
        @SuppressWarnings("NullAway.Init") // picocli puts it in before it runs anything
        private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            ServiceContract contract = source.read(spec);
            var out = spec.commandLine().getOut();
            switch (format) {
                case TEXT -> out.print(contract.text());
                case JSON_SCHEMA -> out.println(JsonSchema.of(contract));
                case OPENAPI -> out.println(OpenApi.of(contract));
            }
            return Main.OK;
        }
    }
}
