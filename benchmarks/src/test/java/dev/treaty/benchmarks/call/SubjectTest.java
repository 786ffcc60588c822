package dev.treaty.benchmarks.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SubjectTest {
    @ParameterizedTest
    @MethodSource("names")
    void concurrentCallersGetTheirOwnAnswers(String name) throws IOException, InterruptedException {
        Subject subject = Subject.named(name);
        try (Subject.Server server = subject.serve();
                Subject.Client client = subject.connect(server.port())) {
            Load.Outcome outcome = new Load(client).run(8, Duration.ofMillis(100));
            assertThat(outcome.error()).isEmpty();
            assertThat(outcome.errors()).isZero();
            assertThat(outcome.calls()).isGreaterThanOrEqualTo(8);
            assertThat(outcome.p50Nanos()).isPositive().isLessThanOrEqualTo(outcome.p99Nanos());
            assertThat(outcome.elapsedNanos()).isGreaterThanOrEqualTo(Duration.ofMillis(100).toNanos());
            assertThat(outcome.usage().allocatedBytes()).isPositive();
        }
    }

    static Iterable<String> names() {
        return Subject.names();
    }

    @Test
    void wrongAnswersAndFailuresAreErrors() throws IOException, InterruptedException {
        var client = new Subject.Client() {
            private int callers;

            @Override
            public Subject.Caller caller() {
                int n = callers++;
                return message -> {
                    if (n == 0) {
                        throw new IOException("refused");
                    }
                    return n == 2;
                };
            }

            @Override
            public void close() {}
        };
        Load.Outcome one = new Load(client).run(1, Duration.ofMillis(5));
        assertThat(one.errors()).isPositive();
        assertThat(one.calls()).isZero();
        assertThat(one.error()).contains("refused");
        assertThat(CallBenchmark.figures(one, new Usage(1, 1))).containsOnlyKeys("throughput", "errors");

        var load = new Load(client);
        Load.Outcome two = load.run(2, Duration.ofMillis(5));
        assertThat(two.errors()).isPositive();
    }

    @Test
    void messagesAreOfOneSizeAndNoTwoAlike() {
        Message[] messages = Message.examples(1009);
        assertThat(messages).extracting(message -> message.json().length).containsOnly(Message.JSON_BYTES);
        assertThat(Arrays.stream(messages).map(Message::order).distinct()).hasSize(messages.length);
    }
}
