package dev.treaty.house.fuzz;

/** What the fuzzer of Jazzer runs, in a process of its own, with the name of a parser. */
public final class ParserFuzzer {
    private static Parser parser = Parser.JSON;

    private ParserFuzzer() {}

    /** Called once. */
    public static void fuzzerInitialize(String[] arguments) {
        parser = Parser.valueOf(arguments[0]);
    }

    /** Called with each input. */
    public static void fuzzerTestOneInput(byte[] input) {
        parser.accept(input);
    }
}
