package dev.treaty.core.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadersTest {
    private static final byte[] BYTES = {0, -1, 62};

    @Test
    void names_have_no_case_and_values_no_spaces_at_their_ends() {
        Headers headers = Headers.of("X-Tenant", " acme inc ");
        assertThat(headers.get("x-TENANT")).contains("acme inc");
        assertThat(headers.name(0)).isEqualTo("x-tenant");
        assertThat(headers).isEqualTo(Headers.of("x-tenant", "acme inc")).isNotEqualTo(Headers.of("x-tenant", "acme"));
        assertThat(headers.get("x-other")).isEmpty();
        assertThat(Headers.of("a!#$%&'*+.^_`|~9", "").get("a!#$%&'*+.^_`|~9")).contains("");
    }

    @Test
    void a_name_has_several_values_or_one_in_their_place() {
        Headers two = Headers.of("x-a", "1").and("x-b", "2").and("X-A", "3, 4");
        assertThat(two.all("x-a")).containsExactly("1", "3, 4");
        assertThat(two.get("x-a")).as("a reader of one value notices").contains("1, 3, 4");
        assertThat(two.with("x-a", "5").all("x-a")).containsExactly("5");
        assertThat(two.without("x-a")).isEqualTo(Headers.of("x-b", "2"));
        assertThat(two.with(Headers.of("x-a", "6").and("x-a", "7").and("x-c", "8")))
                .isEqualTo(
                        Headers.of("x-b", "2").and("x-a", "6").and("x-a", "7").and("x-c", "8"));
        assertThat(Headers.of("x-a", "1").without("x-a")).isEqualTo(Headers.NONE);
    }

    @Test
    void bytes_are_base64_without_padding_and_are_accepted_with_it() {
        Headers headers = Headers.of("x-key-bin", BYTES).and("x-key-bin", new byte[] {1});
        assertThat(headers.value(0)).isEqualTo("AP8+");
        assertThat(headers.value(1)).isEqualTo("AQ");
        assertThat(headers.binary("X-Key-bin")).containsExactly(BYTES, new byte[] {1});
        assertThat(Headers.of("x-key-bin", "AQ==")).isEqualTo(Headers.of("x-key-bin", "AQ"));
        assertThatThrownBy(() -> Headers.of("x-key-bin", "A?"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the value of header x-key-bin is not Base64");
        assertThatThrownBy(() -> Headers.of("x-key", BYTES)).hasMessageContaining("ends in -bin");
        assertThatThrownBy(() -> headers.binary("x-key")).hasMessageContaining("ends in -bin");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "host",
                "Connection",
                "keep-alive",
                "proxy-authorization",
                "te",
                "trailer",
                "Transfer-Encoding",
                "upgrade",
                "expect",
                "date",
                "retry-after",
                "accept",
                "accept-encoding",
                "content-type",
                "content-anything",
                "connect-timeout-ms",
                "grpc-status",
                "treaty-attempt",
                "treaty-mirror",
                "trailer-x",
                "access-control-allow-origin",
                "traceparent",
                "tracestate"
            })
    void names_of_the_transport_are_refused(String name) {
        assertThatThrownBy(() -> Headers.of(name, "a"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is set by the transport");
        var receiver = new Headers.Receiver();
        receiver.add(name, "a");
        assertThat(receiver.headers()).isEqualTo(Headers.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:", ":path", "ä", "a\r\nb", "a\u0000", "(a)", "a\""})
    void names_that_are_no_tokens_are_refused(String name) {
        assertThatThrownBy(() -> Headers.of(name, "a"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not allowed");
        var receiver = new Headers.Receiver();
        receiver.add(name, "a");
        assertThat(receiver.headers()).isEqualTo(Headers.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nHost: evil", "a\r\n", "\ta", "ä", "a\u0000b", "\u007f"})
    void values_that_are_not_printable_ascii_are_refused_and_left_out_if_received(String value) {
        assertThatThrownBy(() -> Headers.of("x", value))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("use printable ASCII");
        var receiver = new Headers.Receiver();
        receiver.add("x", value);
        receiver.add("y", "kept");
        assertThat(receiver.headers()).isEqualTo(Headers.of("y", "kept"));
    }

    @Test
    void received_bytes_are_separated_at_commas_and_trailers_have_a_prefix() {
        var receiver = new Headers.Receiver();
        assertThat(receiver.add("X-Key-Bin", "AP8+, AQ==")).isTrue();
        assertThat(receiver.add("x-key-bin", "AQ==,!")).as("not Base64").isFalse();
        assertThat(receiver.add("Trailer-X-Rows", "17")).isTrue();
        assertThat(receiver.add("trailer-content-length", "17")).isTrue();
        assertThat(receiver.headers().binary("x-key-bin")).containsExactly(BYTES, new byte[] {1}, new byte[] {1});
        assertThat(receiver.trailers()).isEqualTo(Headers.of("x-rows", "17"));
    }

    @Test
    void there_are_limits_of_number_and_size() {
        Headers most = Headers.NONE;
        for (int i = 0; i < Headers.COUNT_MAX; i++) {
            most = most.and("x", "1");
        }
        Headers all = most;
        assertThatThrownBy(() -> all.and("y", "1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 64 values of headers and 8192 bytes");
        assertThat(all.with("x", "1").size()).isEqualTo(1);
        String large = "v".repeat(Headers.BYTES_MAX - 1);
        assertThat(Headers.of("x", large).sendable()).isTrue();
        assertThatThrownBy(() -> Headers.of("xy", large)).hasMessageContaining("8193");
        var receiver = new Headers.Receiver();
        receiver.add("xy", large);
        assertThat(receiver.headers().sendable())
                .as("may be received, and not sent")
                .isFalse();
    }

    @Test
    void text_of_headers_has_no_values() {
        assertThat(Headers.of("authorization", "Bearer secret").and("x-a", "b")).hasToString("[authorization, x-a]");
    }
}
