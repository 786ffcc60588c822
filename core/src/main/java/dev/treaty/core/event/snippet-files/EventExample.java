import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.EventStream;
import java.util.concurrent.atomic.LongAdder;

class EventExample {
    Subscription count(EventStream events, LongAdder retries) {
        // @start region="subscribe"
        return events.subscribe(event -> {
            if (event instanceof Event.RetryScheduled) {
                retries.increment();
            }
        });
        // @end
    }
}
