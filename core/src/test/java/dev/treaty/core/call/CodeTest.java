package dev.treaty.core.call;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CodeTest {
    @Test
    void there_are_sixteen_codes_and_each_is_found_by_its_wire_name() {
        assertThat(Code.values())
                .hasSize(16)
                .allSatisfy(c -> assertThat(Code.of(c.wire())).contains(c));
        assertThat(Code.of("ok")).isEmpty();
        assertThat(Code.DEADLINE_EXCEEDED.wire()).isEqualTo("deadline_exceeded");
        assertThat(Code.CANCELED.httpStatus()).isEqualTo(499);
    }

    @Test
    void only_failures_of_the_service_count_against_it() {
        assertThat(Code.UNAVAILABLE.isServiceFailure()).isTrue();
        assertThat(Code.INTERNAL.isServiceFailure()).isTrue();
        assertThat(Code.NOT_FOUND.isServiceFailure()).isFalse();
        assertThat(Code.INVALID_ARGUMENT.isServiceFailure()).isFalse();
        assertThat(Code.CANCELED.isServiceFailure()).isFalse();
    }

    @Test
    void a_full_instance_is_not_to_blame_W9() {
        assertThat(Code.RESOURCE_EXHAUSTED.isServiceFailure()).isTrue();
        assertThat(Code.RESOURCE_EXHAUSTED.isInstanceFailure()).isFalse();
        assertThat(Code.DEADLINE_EXCEEDED.isInstanceFailure()).isTrue();
        assertThat(Code.NOT_FOUND.isInstanceFailure()).isFalse();
    }
}
