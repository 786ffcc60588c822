package dev.treaty.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Deadline;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.HostedService;
import dev.treaty.core.call.Origin;
import dev.treaty.core.call.ResponseMetadata;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.call.ServiceResponse;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.client.ByteChannel;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tokens that a client sends. */
class TokensTest {
    private static final String NAME = Running.CONTRACT.name().value();

    private final TestAccess access = new TestAccess("alice " + NAME + " last", "bob " + NAME + " last");
    private final List<String> callers = new ArrayList<>();
    private final HttpServer server =
            new HttpServer(HttpServerOptions.STANDARD, TestTls.of(NAME), access, Time.system(), RandomSource.system());

    /** Has one token, and another one if that is refused. */
    private static final class Tokens implements TokenSource {
        private final String first;
        private final Optional<String> other;
        private final List<String> asked = new ArrayList<>();

        Tokens(String first, String other) {
            this.first = first;
            this.other = Optional.of(other).filter(token -> !token.isEmpty());
        }

        @Override
        public Optional<String> token(String audience) {
            asked.add("token for " + audience);
            return Optional.of(first);
        }

        @Override
        public Optional<String> replace(String audience, String refused) {
            asked.add("another than " + refused + " for " + audience);
            return other;
        }
    }

    TokensTest() {
        server.host(new HostedService(
                Running.CONTRACT,
                call -> {
                    callers.add(call.context().caller().name());
                    return new ServiceResponse.Ok<>(Optional.empty(), Origin.SERVICE, 0, ResponseMetadata.NONE);
                },
                () -> ServiceHealth.of(
                        ServiceHealth.Status.PASSING, Time.system().instant())));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private static Call call(Headers headers) {
        return new Call(
                Running.CONTRACT.name(),
                Running.CONTRACT.operation("last").orElseThrow(),
                List.of(),
                Running.context(Duration.ofMinutes(1), headers));
    }

    private ServiceResponse<?> answer(TokenSource tokens, Headers headers) throws InterruptedException {
        try (var transport =
                new HttpTransport(HttpTransportOptions.STANDARD, TestTls.anonymous(), tokens, Time.system())) {
            return transport.connect(server.endpoint(), Running.CONTRACT.name()).handle(call(headers));
        }
    }

    @Test
    void a_call_has_the_token_for_its_service() throws Exception {
        var tokens = new Tokens("alice", "bob");
        assertThat(answer(tokens, Headers.NONE).succeeded()).isTrue();
        assertThat(callers).containsExactly("alice");
        assertThat(tokens.asked).containsExactly("token for " + NAME);
    }

    @Test
    void a_call_with_its_own_authorization_keeps_it() throws Exception {
        var tokens = new Tokens("alice", "bob");
        assertThat(answer(tokens, Headers.of("authorization", "Bearer bob")).succeeded())
                .isTrue();
        assertThat(callers).containsExactly("bob");
        assertThat(tokens.asked).isEmpty();
    }

    @Test
    void a_refused_token_is_replaced_once() throws Exception {
        var tokens = new Tokens("old", "alice");
        assertThat(answer(tokens, Headers.NONE).succeeded()).isTrue();
        assertThat(callers).containsExactly("alice");
        assertThat(tokens.asked).containsExactly("token for " + NAME, "another than old for " + NAME);
        for (String other : List.of("older", "")) {
            access.authentications.set(0);
            var useless = new Tokens("old", other);
            assertThat(answer(useless, Headers.NONE)).asString().contains("unauthenticated");
            assertThat(useless.asked).hasSize(2);
            assertThat(access.authentications).hasValue(other.isEmpty() ? 1 : 2);
        }
    }

    @Test
    void an_unauthenticated_answer_of_a_handler_is_not_a_refused_token() throws Exception {
        server.host(new HostedService(
                Running.CONTRACT,
                _ -> ServiceResponse.failed(Code.UNAUTHENTICATED, "another service says so"),
                () -> ServiceHealth.of(
                        ServiceHealth.Status.PASSING, Time.system().instant())));
        var tokens = new Tokens("alice", "bob");
        assertThat(answer(tokens, Headers.NONE)).asString().contains("another service says so");
        assertThat(tokens.asked).hasSize(1);
    }

    @Test
    void a_token_that_cannot_be_obtained_or_sent_fails_the_call() throws Exception {
        TokenSource failing = _ -> {
            throw new ServiceException(Fault.unreached(Code.UNAVAILABLE, "no token"));
        };
        assertThat(answer(failing, Headers.NONE)).asString().contains("unavailable: no token");
        assertThat(answer(new Tokens("a\r\nX: y", ""), Headers.NONE))
                .asString()
                .contains("the token has characters that cannot be sent")
                .doesNotContain("X: y");
        assertThat(callers).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "localhost", "10.1.2.3", "shop.example", "127.0.0.1.example"})
    void a_token_is_sent_unencrypted_on_loopback_only(String host) throws Exception {
        var tokens = new Tokens("alice", "bob");
        var sent = new StringBuilder();
        try (var transport = new HttpTransport(HttpTransportOptions.STANDARD, null, tokens, Time.system())) {
            transport
                    .connection(new ServiceEndpoint("http", host, 80), (_, _) -> new Written(sent))
                    .handle(call(Headers.NONE));
        }
        boolean loopback = List.of("127.0.0.1", "::1", "localhost").contains(host);
        assertThat(sent.toString()).startsWith("POST ");
        assertThat(sent.toString().contains("\r\nAuthorization: Bearer alice\r\n"))
                .isEqualTo(loopback);
        assertThat(tokens.asked).hasSize(loopback ? 1 : 0);
    }

    /** Keeps what is written, and answers nothing. */
    private record Written(StringBuilder sent) implements ByteChannel {
        @Override
        public int read(byte[] into, int offset, int length, Deadline deadline) throws IOException {
            throw new EOFException();
        }

        @Override
        public void write(byte[] bytes, int offset, int length, Deadline deadline) {
            sent.append(new String(bytes, offset, length, StandardCharsets.US_ASCII));
        }

        @Override
        public boolean wrote() {
            return true;
        }

        @Override
        public boolean quiet() {
            return true;
        }

        @Override
        public void close() {}
    }
}
