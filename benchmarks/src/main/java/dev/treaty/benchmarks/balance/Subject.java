package dev.treaty.benchmarks.balance;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A client of the ten instances, which balances. */
interface Subject extends AutoCloseable {
    /** How long a call may take, and an attempt of it, for every subject. */
    Duration DEADLINE = Duration.ofSeconds(5);

    Duration ATTEMPT = Duration.ofMillis(1_500);

    /** How often a call is tried, at every subject. */
    int ATTEMPTS = 3;

    /** Makes one call, which is idempotent; tells whether it went well. */
    boolean call();

    @Override
    void close();

    /** Makes a client. */
    interface Maker {
        Subject make(List<Integer> httpPorts, List<Integer> grpcPorts) throws IOException, InterruptedException;
    }

    /**
     * A subject that can be measured.
     *
     * @param about what it is, for the report
     */
    record Named(String name, String about, Maker maker) {}

    /** All of them. */
    List<Named> ALL = List.of(
            new Named("treaty", "Treaty with its defaults", (http, _) -> new TreatySubject(http)),
            new Named(
                    "resilience4j",
                    "round robin, a circuit breaker for each instance and retries of Resilience4j, JDK HttpClient",
                    (http, _) -> new Resilience4jSubject(http)),
            new Named("grpc", "gRPC-java, round_robin and its retries", (_, grpc) -> new GrpcSubject(grpc)),
            new Named(
                    "finagle",
                    "Finagle's HTTP client, peak-EWMA, failure accrual and retries",
                    (http, _) -> new FinagleSubject(http)),
            new Named(
                    "haproxy",
                    "HAProxy leastconn, retries and passive checks; JDK HttpClient",
                    (http, _) -> new HaproxySubject(http)));
}
