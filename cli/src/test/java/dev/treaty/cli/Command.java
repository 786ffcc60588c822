package dev.treaty.cli;

import dev.treaty.codec.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A command as it was run: within this process, with what it printed. */
public record Command(int exit, String out, String err) {
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

    public static Command run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int exit = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
        return new Command(exit, out.toString(), err.toString());
    }

    /** Runs a command, and again as long as it says that somebody did not answer in time: the machine may stall. */
    public static Command answered(String... arguments) {
        return until(Command::answered, arguments);
    }

    /** Runs a command, and again until what it printed is that, or as it is after two minutes. */
    static Command until(Predicate<Command> right, String... arguments) {
        long start = System.nanoTime();
        Command command;
        do {
            command = run(arguments);
        } while (!right.test(command) && System.nanoTime() - start < PATIENCE_NANOS);
        return command;
    }

    private boolean answered() {
        return Stream.of("cannot be reached", "it is not known whether", "deadline_exceeded", "unavailable")
                .noneMatch(err::contains);
    }

    /** What it printed, as JSON. */
    public Object json() {
        return Json.read(out);
    }
}
