package dev.treaty.microprofile;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.testng.ITestListener;
import org.testng.ITestResult;
import org.testng.TestNG;

/**
 * The main class of a process that runs tests of the kit: it reads the name of a class from standard input, and writes
 * a line per test and an empty line to standard output.
 */
final class KitRunner implements ITestListener {
    private final PrintStream answers;

    private KitRunner(PrintStream answers) {
        this.answers = answers;
    }

    public static void main(String[] arguments) throws IOException, ClassNotFoundException {
        var runner = new KitRunner(System.out);
        // The output of the tests goes to the log.
        System.setOut(System.err);
        try (var names = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String name = names.readLine(); name != null; name = names.readLine()) {
                System.err.println("---- " + name);
                long began = System.nanoTime();
                runner.run(Class.forName(name));
                System.err.println("---- took " + (System.nanoTime() - began) / 1_000_000 + " ms: " + name);
                runner.answers.println();
            }
        }
        System.exit(0);
    }

    private void run(Class<?> type) {
        var suite = new TestNG(false);
        suite.setVerbose(0);
        suite.setTestClasses(new Class<?>[] {type});
        suite.addListener(this);
        suite.run();
    }

    @Override
    public void onTestSuccess(ITestResult result) {
        answer(result, true);
    }

    @Override
    public void onTestFailure(ITestResult result) {
        answer(result, false);
    }

    /** A test is skipped if its class could not be deployed. */
    @Override
    public void onTestSkipped(ITestResult result) {
        answer(result, false);
    }

    private void answer(ITestResult result, boolean passed) {
        Throwable why = result.getThrowable();
        if (why != null && !passed) {
            System.err.println(result.getName());
            why.printStackTrace();
        }
        String test =
                TestKit.name(result.getTestClass().getName(), result.getMethod().getMethodName());
        answers.println(new KitResult(test, passed, why == null ? "" : why.toString()).line());
    }
}
