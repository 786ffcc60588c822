import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.IsolationLevel;
import java.time.Duration;

class FaultToleranceExample {
    // @start region="policies"
    FaultTolerance patient = FaultTolerance.of(IsolationLevel.BASIC) // timeout and retry, no breaker
            .withDeadline(Duration.ofSeconds(2));
    // @end
}
