package dev.treaty.microprofile;

/**
 * The result of a test of the kit.
 *
 * @param test its name
 * @param passed false also if it could not be run
 * @param problem the exception; empty if it passed
 */
record KitResult(String test, boolean passed, String problem) {

    String line() {
        return test + "\t" + passed + "\t" + problem.replaceAll("\\s+", " ");
    }

    static KitResult of(String line) {
        String[] fields = line.split("\t", 3);
        return new KitResult(fields[0], Boolean.parseBoolean(fields[1]), fields[2]);
    }
}
