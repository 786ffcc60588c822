package dev.treaty.cli;

import dev.treaty.codec.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The result of a command that ran in this process. */
public record Command(int exit, String out, String err) {
    private static final long WAIT_MAX_NANOS = TimeUnit.MINUTES.toNanos(2);

    public static Command run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int exit = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
        return new Command(exit, out.toString(), err.toString());
    }

    /** Runs a command, and again if it failed only because a busy machine did not answer in time. */
    public static Command answered(String... arguments) {
        return until(Command::answered, arguments);
    }

    /** Runs a command again until its result is expected, for at most two minutes. */
    public static Command until(Predicate<Command> expected, String... arguments) {
        long start = System.nanoTime();
        Command command;
        do {
            command = run(arguments);
        } while (!expected.test(command) && System.nanoTime() - start < WAIT_MAX_NANOS);
        return command;
    }

    private boolean answered() {
        return Stream.of("cannot be reached", "it is not known whether", "deadline_exceeded", "unavailable")
                .noneMatch(err::contains);
    }

    /** Parses the output as JSON. */
    public Object json() {
        return Json.read(out);
    }
}
