package dev.treaty.benchmarks;

import java.io.IOException;

/** Runs the benchmarks whose names match the arguments, as JMH does; {@code -h} tells its options. */
public final class Main {

    private Main() {}

    public static void main(String[] arguments) throws IOException {
        org.openjdk.jmh.Main.main(arguments);
    }
}
