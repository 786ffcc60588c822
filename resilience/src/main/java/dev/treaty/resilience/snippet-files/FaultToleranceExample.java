import dev.treaty.core.call.ServiceResponse;
import dev.treaty.resilience.Fallback;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.Guard;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.RateLimitPolicy;
import java.io.IOException;
import java.time.Duration;

class FaultToleranceExample {
    interface Prices {
        String of(String article) throws IOException;
    }

    // @start region="guard"
    Guard guard = Guard.named("prices")
            .tolerance(FaultTolerance.of(IsolationLevel.ENHANCED).withDeadline(Duration.ofSeconds(2)))
            .idempotent() // so that it may be retried after any failure
            .build();

    ServiceResponse<String> price(Prices prices, String article) {
        return guard.respond(
                () -> prices.of(article), Fallback.value("on request")); // the response contains its origin
    }
    // @end

    void limit() {
        // @start region="change"
        guard.level(IsolationLevel.FULL);
        guard.apply(guard.tolerance().with(RateLimitPolicy.perSecond(100)));
        // @end
    }
}
