package dev.treaty.benchmarks.call;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import tools.jackson.databind.json.JsonMapper;

/**
 * One side of a subject in a process of its own. It is told what to do by lines on standard input, answers each by one
 * line of JSON on standard output, and ends when the input does, so that it never outlives the process that started it.
 */
final class Worker {
    private final JsonMapper mapper = JsonMapper.builder().build();
    private final BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    private final PrintStream out = System.out;

    private Worker() {}

    /** The first answer: it is ready, on that port where it is a server. */
    record Ready(int port) {}

    /**
     * Starts it.
     *
     * @param arguments {@code server SUBJECT} or {@code client SUBJECT PORT BYTES}
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        var worker = new Worker();
        System.setOut(System.err); // what libraries print is no answer
        Subject subject = Subject.named(arguments[1]);
        if (arguments[0].equals("server")) {
            worker.serve(subject);
        } else {
            worker.call(subject, Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
        }
        System.exit(0); // a library's threads may not be daemons
    }

    private void serve(Subject subject) throws IOException {
        try (Subject.Server server = subject.serve()) {
            answer(new Ready(server.port()));
            while (in.readLine() != null) {
                answer(Usage.now());
            }
        }
    }

    private void call(Subject subject, int port, int bytes) throws IOException, InterruptedException {
        try (Subject.Client client = subject.connect(port)) {
            var load = new Load(client, bytes);
            answer(new Ready(port));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ", -1);
                answer(load.run(Integer.parseInt(words[0]), Duration.ofMillis(Long.parseLong(words[1]))));
            }
        }
    }

    private void answer(Object answer) throws IOException {
        out.println(mapper.writeValueAsString(answer));
        if (out.checkError()) {
            throw new IOException("the process that started this one has ended");
        }
    }
}
