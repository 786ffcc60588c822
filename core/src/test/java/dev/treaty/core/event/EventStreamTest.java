package dev.treaty.core.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventStreamTest {
    private static final Event EVENT = new Event.RegistryChanged("embedded", true, false, "");

    @Test
    void an_error_of_a_subscriber_does_not_reach_the_emitter_and_others_receive_the_event_G7() {
        var stream = new EventStream();
        List<Event> seen = new ArrayList<>();
        stream.subscribe(_ -> {
            throw new AssertionError("broken");
        });
        var subscription = stream.subscribe(seen::add);
        assertThatCode(() -> stream.emit(EVENT)).doesNotThrowAnyException();
        assertThat(seen).containsExactly(EVENT);
        subscription.close();
        stream.emit(EVENT);
        assertThat(seen).hasSize(1);
    }
}
