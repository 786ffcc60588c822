package dev.treaty.cli;

import dev.treaty.http.Json;
import java.io.PrintWriter;
import java.io.StringWriter;

/** A command as it was run: within this process, with what it printed. */
record Command(int exit, String out, String err) {
    static Command run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int exit = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
        return new Command(exit, out.toString(), err.toString());
    }

    /** What it printed, as JSON. */
    Object json() {
        return Json.read(out);
    }
}
