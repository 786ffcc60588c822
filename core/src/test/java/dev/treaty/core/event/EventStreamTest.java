package dev.treaty.core.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
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

    @Test
    void a_receiver_that_fails_harms_no_emitter_G7() {
        var received = new ArrayList<Event>();
        var runtime = RuntimeDependencies.system(event -> {
            received.add(event);
            throw new AssertionError("broken");
        });
        var event = new Event.ThreadFailed("test", new AssertionError("broken"));
        runtime.events().emit(event);
        assertThat(received).containsExactly(event);
        assertThat(RuntimeDependencies.system(Events.NONE).events()).isSameAs(Events.NONE);
    }

    @Test
    void a_subscriber_that_always_fails_is_logged_once_for_each_kind_of_event_G7() {
        var stream = new EventStream();
        var logged = new AtomicInteger();
        var subscription = stream.subscribe(_ -> {
            throw new AssertionError() {
                @Override
                public String getMessage() {
                    return "broken " + logged.incrementAndGet();
                }
            };
        });
        stream.emit(EVENT);
        int once = logged.get();
        assertThat(once).isPositive();
        stream.emit(EVENT);
        stream.emit(EVENT);
        assertThat(logged).hasValue(once);
        subscription.close();
        stream.emit(EVENT);
        assertThat(logged).hasValue(once);
    }
}
