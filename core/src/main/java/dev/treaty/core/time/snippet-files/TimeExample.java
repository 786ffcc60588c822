import dev.treaty.core.time.Promise;
import dev.treaty.core.time.Time;

class TimeExample {
    String answer(Promise<String> promise, Time time) throws InterruptedException {
        // @start region="wait"
        String answer = promise.await(time, 50_000_000); // at most 50 ms
        return answer == null ? "no answer" : answer;
        // @end
    }
}
