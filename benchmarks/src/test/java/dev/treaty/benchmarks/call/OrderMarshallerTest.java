package dev.treaty.benchmarks.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class OrderMarshallerTest {
    private final OrderMarshaller marshaller = new OrderMarshaller();

    @Property
    void what_is_written_is_read(
            @ForAll String id,
            @ForAll String note,
            @ForAll int quantity,
            @ForAll long priceCents,
            @ForAll boolean express) {
        // Lone surrogates have no encoding.
        var order = new Order(printable(id), "c", "é", quantity, priceCents, "", express, printable(note));
        assertThat(marshaller.parse(marshaller.stream(order))).isEqualTo(order);
    }

    private static String printable(String text) {
        return text.codePoints()
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    @Test
    void the_encoding_is_that_of_protocol_buffers() {
        byte[] bytes = OrderMarshaller.encode(new Order("a", "b", "c", 150, 1, "d", true, "e"));
        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo("0a01611201621a0163209601280132016438014201" + "65");
    }

    @Test
    void what_is_cut_short_is_refused() {
        byte[] bytes = OrderMarshaller.encode(Order.example(1));
        assertThatThrownBy(() -> marshaller.parse(new ByteArrayInputStream(Arrays.copyOf(bytes, bytes.length - 1))))
                .hasMessageContaining("does not fit");
    }
}
