package dev.treaty.benchmarks.call;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** One way to ask a server for an answer. The server answers every order with the order itself. */
interface Subject {
    /** What every subject is given to answer in, as far as it knows deadlines; Treaty's default. */
    Duration DEADLINE = Duration.ofSeconds(5);

    /** All subjects, Treaty first. */
    static List<Subject> all() {
        return List.of(new TreatySubject(), new GrpcSubject(false), new HelidonSubject(), new RawSubject());
    }

    /** What shows the cost of TLS. */
    static List<Subject> tls() {
        return List.of(new WireSubject(true), new WireSubject(false), new GrpcSubject(true), new GrpcSubject(false));
    }

    /** As in the names of ratios. */
    String name();

    /** What it consists of, in one sentence without its name. */
    String about();

    /** Whether it can send messages of that size. */
    default boolean carries(int bytes) {
        return true;
    }

    /** Starts its server on any free port of the loopback interface. */
    Server serve() throws IOException;

    /** Connects to its server. */
    Client connect(int port) throws IOException;

    /** A running server. */
    interface Server extends AutoCloseable {
        /** Where it listens. */
        int port();

        @Override
        void close() throws IOException;
    }

    /** The client's side of a subject. */
    interface Client extends AutoCloseable {
        /** What one caller calls with; a client has as many callers as there are concurrent calls. */
        Caller caller() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** Makes calls, one after the other. */
    @FunctionalInterface
    interface Caller {
        /**
         * Makes a call.
         *
         * @return whether the answer was the right one
         */
        boolean call(Message message) throws Exception;
    }

    /** The subject of that name. */
    static Subject named(String name) {
        return Stream.concat(all().stream(), tls().stream())
                .filter(subject -> subject.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "there is no subject \"" + name + "\"; there is: " + String.join(", ", names())));
    }

    /** The names of all subjects. */
    static List<String> names() {
        return all().stream().map(Subject::name).toList();
    }
}
