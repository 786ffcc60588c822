package dev.treaty.core.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceTest {
    @Test
    void a_child_has_the_same_trace_and_its_own_span() {
        var random = new Random(1);
        Trace parent = Trace.start(random);
        Trace child = parent.child(random);
        assertThat(child.id()).isEqualTo(parent.id());
        assertThat(child.span()).isNotEqualTo(parent.span());
    }

    @Test
    void a_later_version_of_the_header_is_accepted() {
        String later = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
        assertThat(Trace.parse(later))
                .hasValueSatisfying(t -> assertThat(t.sampled()).isTrue());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                "00-0af7651916cd43dd8448eb211c8031xx-b7ad6b7169203331-01",
                "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01"
            })
    void a_malformed_header_is_ignored(String header) {
        assertThat(Trace.parse(header)).isEmpty();
    }
}
