package dev.treaty.benchmarks.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SubjectTest {
    private static final String WRONG = "was not that order";

    @ParameterizedTest
    @MethodSource("names")
    void concurrent_callers_get_their_own_answers(String name) throws IOException, InterruptedException {
        Subject subject = Subject.named(name);
        try (Subject.Server server = subject.serve();
                Subject.Client client = subject.connect(server.port())) {
            Load.Outcome outcome = withoutErrors(new Load(client, Message.JSON_BYTES));
            assertThat(outcome.error()).isEmpty();
            assertThat(outcome.errors()).isZero();
            assertThat(outcome.calls()).isGreaterThanOrEqualTo(8);
            assertThat(outcome.p50Nanos()).isPositive().isLessThanOrEqualTo(outcome.p99Nanos());
            assertThat(outcome.elapsedNanos())
                    .isGreaterThanOrEqualTo(Duration.ofMillis(100).toNanos());
            assertThat(outcome.usage().allocatedBytes()).isPositive();
        }
    }

    /** Runs it, and again where the first calls took longer than they may; wrong answers are never right. */
    private static Load.Outcome withoutErrors(Load load) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Load.Outcome outcome;
        do {
            outcome = load.run(8, Duration.ofMillis(100));
            assertThat(outcome.error()).doesNotContain(WRONG);
        } while (outcome.errors() > 0 && System.nanoTime() - start < TimeUnit.MINUTES.toNanos(1));
        return outcome;
    }

    static Stream<String> names() {
        return Stream.concat(Subject.all().stream(), Subject.tls().stream())
                .map(Subject::name)
                .distinct();
    }

    @Test
    void wrong_answers_and_failures_are_errors() throws IOException, InterruptedException {
        Load.Outcome wrong = outcome(_ -> false);
        assertThat(wrong.errors()).isPositive();
        assertThat(wrong.error()).contains(WRONG);

        Load.Outcome failed = outcome(_ -> {
            throw new IOException("refused");
        });
        assertThat(failed.errors()).isPositive();
        assertThat(failed.error()).contains("refused");

        assertThat(failed.calls()).isZero();
        assertThat(CallBenchmark.figures(failed, new Usage(1, 1))).containsOnlyKeys("throughput", "errors");
    }

    private static Load.Outcome outcome(Subject.Caller caller) throws IOException, InterruptedException {
        var client = new Subject.Client() {
            @Override
            public Subject.Caller caller() {
                return caller;
            }

            @Override
            public void close() {}
        };
        return new Load(client, Message.JSON_BYTES).run(2, Duration.ofMillis(5));
    }

    @Test
    void figures_are_per_right_call() {
        var outcome =
                new Load.Outcome(1_000, 3, "refused", 2_000_000_000, 50_000, 900_000, new Usage(10_000_000, 64_000));
        assertThat(CallBenchmark.figures(outcome, new Usage(30_000_000, 36_000)))
                .containsOnly(
                        entry("throughput", 500.0),
                        entry("p50", 50.0),
                        entry("p99", 900.0),
                        entry("clientCpu", 10.0),
                        entry("serverCpu", 30.0),
                        entry("cpu", 40.0),
                        entry("clientAllocation", 64.0),
                        entry("serverAllocation", 36.0),
                        entry("allocation", 100.0),
                        entry("errors", 3.0));
    }

    @Test
    void messages_are_of_one_size_and_no_two_alike() {
        Message[] messages = Message.examples(1009);
        assertThat(messages).extracting(message -> message.json().length).containsOnly(Message.JSON_BYTES);
        assertThat(Arrays.stream(messages).map(Message::order).distinct()).hasSize(messages.length);
    }
}
