package dev.treaty.benchmarks.call;

import dev.treaty.benchmarks.JvmProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A {@link Worker}, as the process that started it sees it. */
record WorkerProcess(JvmProcess process) implements AutoCloseable {

    /** What the JVMs of all workers are told. */
    static List<String> jvmOptions() {
        return List.of(
                "-XX:+UseG1GC",
                "-Xms512m",
                "-Xmx512m",
                "-Djdk.virtualThreadScheduler.parallelism="
                        + Runtime.getRuntime().availableProcessors(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow");
    }

    static WorkerProcess start(String... arguments) throws IOException {
        String name = arguments[1] + "'s " + arguments[0];
        return new WorkerProcess(JvmProcess.start(name, Worker.class, jvmOptions(), arguments));
    }

    /** Waits until it is ready, and tells on which port. */
    int port() throws IOException, InterruptedException {
        return process.answer(Worker.Ready.class, Duration.ZERO).port();
    }

    /** What a server has used since it was started. */
    Usage usage() throws IOException, InterruptedException {
        return process.ask("usage", Usage.class, Duration.ZERO);
    }

    /** Has a client make calls. */
    Load.Outcome run(int concurrency, Duration duration) throws IOException, InterruptedException {
        return process.ask(concurrency + " " + duration.toMillis(), Load.Outcome.class, duration);
    }

    /** Tells it to end, and does not wait for it. */
    void dismiss() {
        process.dismiss();
    }

    @Override
    public void close() {
        process.close();
    }
}
