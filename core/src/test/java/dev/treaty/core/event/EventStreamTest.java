package dev.treaty.core.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventStreamTest {
    private static final Event EVENT = new Event.RegistryChanged("embedded", true, false, "");

    @Test
    void an_exception_of_a_subscriber_is_reported_and_others_receive_the_event() throws InterruptedException {
        var stream = new EventStream();
        List<Event> seen = new ArrayList<>();
        List<Throwable> thrown = new ArrayList<>();
        stream.subscribe(_ -> {
            throw new IllegalStateException("broken");
        });
        var subscription = stream.subscribe(seen::add);
        Thread thread = new Thread(() -> stream.emit(EVENT));
        thread.setUncaughtExceptionHandler((_, e) -> thrown.add(e));
        thread.start();
        thread.join();
        assertThat(seen).containsExactly(EVENT);
        assertThat(thrown).hasSize(1);
        subscription.close();
        assertThat(seen).hasSize(1);
    }
}
