package dev.treaty.resilience.execution;

import static dev.treaty.resilience.internal.PolicyChecks.text;

import dev.treaty.resilience.CircuitBreakerPolicy;
import dev.treaty.resilience.ConcurrencyPolicy;
import dev.treaty.resilience.FallbackPolicy;
import dev.treaty.resilience.FaultTolerance;
import dev.treaty.resilience.HedgePolicy;
import dev.treaty.resilience.IsolationLevel;
import dev.treaty.resilience.RateLimitPolicy;
import dev.treaty.resilience.RetryPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A guard as text: one line per step in the order in which they run, with every parameter.
 *
 * @param breakerHere whether the guard has a breaker of its own
 */
public record GuardDescription(FaultTolerance tolerance, boolean breakerHere) {
    /** Returns the text, with the warnings at its end. */
    public String print(String name, List<String> warnings) {
        var throttle = tolerance.throttle();
        var lines = Stream.of(
                name + ": level " + text(tolerance.level()),
                line("deadline", IsolationLevel.NONE, text(tolerance.deadline()) + " for a call with all its attempts"),
                line("fallback", IsolationLevel.ENHANCED, fallback(tolerance.fallback())),
                line(
                        "throttle",
                        IsolationLevel.FULL,
                        "starts if the service accepts fewer than 1 in %s calls, of at least %d calls within %s"
                                .formatted(text(throttle.ratio()), throttle.minimumCalls(), text(throttle.window()))),
                line(
                        "rate limit",
                        IsolationLevel.FULL,
                        tolerance.rateLimit().map(GuardDescription::rate).orElse("none")),
                line("concurrency", IsolationLevel.FULL, concurrency(tolerance.concurrency())),
                line("retry", IsolationLevel.BASIC, retry(tolerance.retry())),
                line(
                        "hedge",
                        IsolationLevel.FULL,
                        tolerance.hedge().map(GuardDescription::hedge).orElse("none")),
                line("breaker", IsolationLevel.ENHANCED, breaker(tolerance.breaker())),
                line(
                        "timeout",
                        IsolationLevel.BASIC,
                        text(tolerance.attemptTimeout()) + " for an attempt that a retry may follow, "
                                + text(tolerance.timeoutMode())));
        return Stream.concat(lines, warnings.stream().map(warning -> "warning: " + warning))
                .collect(Collectors.joining(System.lineSeparator()));
    }

    private String line(String step, IsolationLevel from, String description) {
        boolean inForce = tolerance.level().includes(from);
        return "  %-12s %s".formatted(step, inForce ? description : "off: requires level " + text(from));
    }

    private static String fallback(FallbackPolicy fallback) {
        var kinds = new ArrayList<String>();
        if (!fallback.cacheFor().isZero()) {
            kinds.add("the last good answer, at most " + text(fallback.cacheFor()) + " old (cache of "
                    + fallback.cacheMax() + ")");
        }
        fallback.alternative().ifPresent(service -> kinds.add("the service " + service));
        fallback.value().ifPresent(_ -> kinds.add("a fixed answer"));
        return kinds.isEmpty() ? "none configured" : String.join(", else ", kinds);
    }

    public static String rate(RateLimitPolicy rate) {
        return rate.permits() + " per " + text(rate.per()) + ", burst " + rate.burst()
                + (rate.waitMax().isZero() ? ", no wait" : ", wait up to " + text(rate.waitMax()))
                + (rate.warmUp().isZero() ? "" : ", warm-up of " + text(rate.warmUp()));
    }

    public static String concurrency(ConcurrencyPolicy concurrency) {
        String limit = (concurrency.adaptive() ? "adaptive, up to " : "") + concurrency.limit() + " calls at a time";
        return concurrency.queue() == 0
                ? limit
                : limit + ", queue of " + concurrency.queue() + " for up to " + text(concurrency.waitMax());
    }

    private static String retry(RetryPolicy retry) {
        return retry.attempts() == 1
                ? "none"
                : ("%d attempts, backoff from %s to %s, multiplier %s, %s jitter, on %s;"
                                + " budget %s per call and %s per second")
                        .formatted(
                                retry.attempts(),
                                text(retry.backoff()),
                                text(retry.backoffMax()),
                                text(retry.multiplier()),
                                text(retry.jitter()),
                                retry.on().stream().map(c -> c.wire()).collect(Collectors.joining(", ")),
                                text(retry.budget()),
                                text(retry.budgetPerSecond()));
    }

    private static String hedge(HedgePolicy hedge) {
        return "a second attempt after the %s quantile, at least %s; for at most %s of all calls"
                .formatted(text(hedge.percentile()), text(hedge.delayMin()), text(hedge.budget()));
    }

    private String breaker(CircuitBreakerPolicy breaker) {
        if (breaker.forced() != CircuitBreakerPolicy.Forced.NONE) {
            return "forced " + text(breaker.forced()) + " by the settings" + (breakerHere ? "" : "; at each instance");
        }
        String window = breaker.windowCalls() > 0
                ? "the last " + breaker.windowCalls() + " calls"
                : "the calls within " + text(breaker.window());
        return ("opens after %d failures in a row, or if %s of %s failed or %s took %s (at least %d calls);"
                        + " open for %s to %s; half-open calls %d%s")
                .formatted(
                        breaker.consecutiveFailures(),
                        percent(breaker.failureRate()),
                        window,
                        percent(breaker.slowRate()),
                        text(breaker.slowCall()),
                        breaker.minimumCalls(),
                        text(breaker.open()),
                        text(breaker.openMax()),
                        breaker.halfOpenCalls(),
                        breakerHere ? "" : "; at each instance");
    }

    private static String percent(double share) {
        return text(share * 100) + " %";
    }
}
