package dev.treaty.cli.up;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.ErrorHandler;
import dev.treaty.cli.Main;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.text.Secrets;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The main class of the processes that {@code treaty up} starts: serves one implementation of one contract, until its
 * standard input or the process ends. It prints one line on the standard output: that it is ready, or why it is not.
 */
public final class ServiceMain {
    /** What the line begins with when the service is registered. */
    static final String READY = "treaty-up-ready: ";

    /** What the line begins with when the service cannot start. */
    static final String FAILED = "treaty-up-failed: ";

    private ServiceMain() {}

    /**
     * Serves an implementation.
     *
     * @param arguments the settings file, the class names of the contract and of the implementation, and settings of
     *     the command line, as {@code KEY=VALUE}
     */
    public static void main(String[] arguments) throws IOException {
        PrintStream out = System.out; // services may replace it
        try {
            Treaty treaty = Treaty.open(sources(arguments));
            Runtime.getRuntime().addShutdownHook(new Thread(treaty::close, "treaty-shutdown"));
            out.println(READY + serve(treaty, load("contract", arguments[1]), load("implementation", arguments[2])));
        } catch (RuntimeException e) {
            if ("1".equals(System.getenv("TREATY_DEBUG"))) {
                Secrets.mask(e).printStackTrace();
            }
            out.println(FAILED
                    + PrintableText.line(Secrets.mask(ErrorHandler.message(e).replaceAll("\\s*\\R\\s*", " "))));
            System.exit(Main.USAGE);
        }
        while (System.in.read() >= 0) {
            // nothing is sent; the input ends with the process that started this one
        }
        System.exit(Main.OK);
    }

    private static ConfigurationSources sources(String[] arguments) {
        Map<String, String> values = Stream.of(arguments)
                .skip(3)
                .map(setting -> setting.split("=", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
        return ConfigurationSources.of(Path.of(arguments[0]), System.getenv()).withCommandLine(values);
    }

    private static Class<?> load(String key, String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new CommandFailed("class " + name + " was not found: check " + key + " and class-path");
        } catch (LinkageError e) {
            throw new CommandFailed("class " + name + " cannot be loaded (" + e + "): check class-path");
        }
    }

    private static <T> String serve(Treaty treaty, Class<T> contract, Class<?> implementation) {
        if (!contract.isAssignableFrom(implementation)) {
            throw new CommandFailed(implementation.getName() + " does not implement " + contract.getName());
        }
        var instance = treaty.serve(contract, contract.cast(create(treaty, implementation)))
                .instance();
        return "serves " + instance.service() + " " + instance.version() + " at " + instance.endpoint();
    }

    /** An implementation that calls other services has a constructor with a {@link Treaty}; others have one without. */
    private static Object create(Treaty treaty, Class<?> implementation) {
        try {
            Optional<Constructor<?>> withTreaty = constructor(implementation, Treaty.class);
            if (withTreaty.isPresent()) {
                return withTreaty.get().newInstance(treaty);
            }
            return constructor(implementation)
                    .orElseThrow(() -> new CommandFailed(implementation.getName() + " needs a public constructor"
                            + " without parameters, or with one dev.treaty.Treaty"))
                    .newInstance();
        } catch (InvocationTargetException e) {
            throw new CommandFailed(
                    "the constructor of " + implementation.getName() + " failed: " + e.getCause(), Main.FAILED);
        } catch (ReflectiveOperationException | LinkageError e) {
            throw new CommandFailed(
                    implementation.getName() + " cannot be created: it must be a public class (" + e + ")");
        }
    }

    private static Optional<Constructor<?>> constructor(Class<?> type, Class<?>... parameters) {
        return Stream.of(type.getConstructors())
                .filter(constructor -> Arrays.equals(constructor.getParameterTypes(), parameters))
                .findFirst();
    }
}
