import dev.treaty.core.timeout.Watchdog;
import java.util.concurrent.BlockingQueue;

class TimeoutExample {
    String take(BlockingQueue<String> queue, Watchdog watchdog, long endNanos) throws InterruptedException {
        // @start region="timeout"
        Watchdog.Watch watch = watchdog.arm(Thread.currentThread(), endNanos, null);
        try {
            return queue.take(); // is interrupted at the end
        } finally {
            watchdog.disarm(watch);
        }
        // @end
    }
}
