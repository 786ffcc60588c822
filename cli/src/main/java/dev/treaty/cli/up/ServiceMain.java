package dev.treaty.cli.up;

import dev.treaty.Treaty;
import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.Main;
import dev.treaty.config.Settings;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The main class of the processes that {@code treaty up} starts: serves one implementation of one contract, until the
 * standard input ends or somebody asks it to end.
 */
public final class ServiceMain {
    private ServiceMain() {}

    /**
     * Serves an implementation.
     *
     * @param arguments the file with the settings, the class name of the contract, that of the implementation
     */
    public static void main(String[] arguments) throws IOException {
        try {
            Treaty treaty = Treaty.open(Settings.load(Path.of(arguments[0]), System.getenv()));
            Runtime.getRuntime().addShutdownHook(new Thread(treaty::close, "close"));
            serve(treaty, type(arguments[1]), type(arguments[2]));
        } catch (CommandFailed | IllegalArgumentException e) {
            System.out.println(e.getMessage());
            System.exit(Main.USAGE);
        }
        while (System.in.read() >= 0) {
            // whoever started us says nothing; the end of what they say is the end of them
        }
        System.exit(Main.OK);
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException | LinkageError e) {
            throw new CommandFailed("class " + name + " cannot be loaded (" + e + "): check class-path");
        }
    }

    private static <T> void serve(Treaty treaty, Class<T> contract, Class<?> implementation) {
        if (!contract.isAssignableFrom(implementation)) {
            throw new CommandFailed(implementation.getName() + " does not implement " + contract.getName());
        }
        var instance = treaty.serve(contract, contract.cast(create(treaty, implementation)))
                .instance();
        System.out.println("serves " + instance.service() + " " + instance.version() + " at " + instance.endpoint());
    }

    /** One that needs to call others takes the fabric; any other takes nothing. */
    private static Object create(Treaty treaty, Class<?> implementation) {
        try {
            Optional<Constructor<?>> withTreaty = constructor(implementation, Treaty.class);
            if (withTreaty.isPresent()) {
                return withTreaty.get().newInstance(treaty);
            }
            return constructor(implementation)
                    .orElseThrow(() -> new CommandFailed(implementation.getName()
                            + " needs a public constructor that takes" + " nothing or a dev.treaty.Treaty"))
                    .newInstance();
        } catch (InvocationTargetException e) {
            throw new CommandFailed(implementation.getName() + " could not be created: " + e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new CommandFailed(
                    implementation.getName() + " cannot be created: make it a public class (" + e + ")");
        }
    }

    private static Optional<Constructor<?>> constructor(Class<?> type, Class<?>... parameters) {
        return Stream.of(type.getConstructors())
                .filter(c -> Arrays.equals(c.getParameterTypes(), parameters))
                .findFirst();
    }
}
