package dev.treaty.core.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTextTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u001b",
                "\n",
                "\r",
                "\t",
                "\u0000",
                "\u007f",
                "\u0085",
                "\u009b",
                "\u2028",
                "\u2029",
                "\u202e",
                "\u2066",
                "\u200e",
                "\u061c",
                "\ufeff",
                "\u00ad",
                "\ud800",
                "\udc00",
                "\udb40\udc41"
            })
    void what_a_terminal_or_a_log_interprets_is_replaced_W11(String hidden) {
        String text = "a" + hidden + "b";
        assertThat(PrintableText.isPrintable(text)).isFalse();
        assertThat(PrintableText.line(text)).isEqualTo("a b");
        assertThat(PrintableText.lines(text)).isEqualTo(hidden.equals("\n") ? text : "a b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "plain ~!", "größe", "日本語", "👍🏽", "👩\u200d🚀", "نمی\u200cخواهم", "…│"})
    void other_text_is_kept_W11(String text) {
        assertThat(PrintableText.isPrintable(text)).isTrue();
        assertThat(PrintableText.line(text)).isSameAs(text);
    }

    @Test
    void json_keeps_its_meaning_W11() {
        assertThat(PrintableText.json("{\n  \"a\": \"x\u009b\u202ey\"\n}"))
                .isEqualTo("{\n  \"a\": \"x\\u009b\\u202ey\"\n}");
        assertThat(PrintableText.json("\"\udb40\udc41\"")).isEqualTo("\"\\udb40\\udc41\"");
    }

    @Test
    void a_long_text_is_cut() {
        assertThat(PrintableText.line("abc\n", 2)).isEqualTo("ab…");
    }

    @Test
    void a_quoted_text_is_short_and_has_no_secret_W11() {
        assertThat(PrintableText.quote("a\u001b[2J\nb")).isEqualTo("\"a [2J b\"");
        assertThat(PrintableText.quote("x".repeat(1_000))).hasSizeLessThan(70).endsWith("…\"");
        assertThat(PrintableText.quote("etcd://root:" + "hunter2".repeat(100) + "@host"))
                .isEqualTo("\"etcd://***@host\"");
    }
}
