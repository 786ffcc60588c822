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
import dev.treaty.resilience.ThrottlePolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A guard in words: one line per step in the order in which they run, with every parameter. */
public final class GuardDescription {
    private final FaultTolerance tolerance;
    private final boolean breaker;
    private final List<String> lines = new ArrayList<>();

    /** @param breaker whether the guard has the breaker itself */
    public GuardDescription(FaultTolerance tolerance, boolean breaker) {
        this.tolerance = tolerance;
        this.breaker = breaker;
    }

    /** The text, with those warnings at its end. */
    public String print(String name, List<String> warnings) {
        lines.add(name + ": level " + tolerance.level().name().toLowerCase(Locale.ROOT));
        line("deadline", IsolationLevel.NONE, text(tolerance.deadline()) + " for a call with all of its attempts");
        line("fallback", IsolationLevel.ENHANCED, fallback(tolerance.fallback()));
        line("throttle", IsolationLevel.FULL, throttle(tolerance.throttle()));
        line(
                "rate limit",
                IsolationLevel.FULL,
                tolerance.rateLimit().map(GuardDescription::rate).orElse("none"));
        line("concurrency", IsolationLevel.FULL, concurrency(tolerance.concurrency()));
        line("retry", IsolationLevel.BASIC, retry(tolerance.retry()));
        line(
                "hedge",
                IsolationLevel.FULL,
                tolerance.hedge().map(GuardDescription::hedge).orElse("none"));
        line("breaker", IsolationLevel.ENHANCED, breaker(tolerance.breaker()) + (breaker ? "" : "; at each instance"));
        line(
                "timeout",
                IsolationLevel.BASIC,
                text(tolerance.attemptTimeout())
                        + " for an attempt that another may follow, "
                        + tolerance.timeoutMode().name().toLowerCase(Locale.ROOT));
        warnings.forEach(warning -> lines.add("warning: " + warning));
        return String.join(System.lineSeparator(), lines);
    }

    private void line(String step, IsolationLevel from, String what) {
        String off = "not in force: begins at level " + from.name().toLowerCase(Locale.ROOT);
        lines.add("  %-12s %s".formatted(step, tolerance.level().includes(from) ? what : off));
    }

    private static String fallback(FallbackPolicy fallback) {
        var kinds = new ArrayList<String>();
        if (!fallback.cacheFor().isZero()) {
            kinds.add("the last good answer, at most " + text(fallback.cacheFor()) + " old (of " + fallback.cacheMax()
                    + " kept)");
        }
        fallback.alternative().ifPresent(service -> kinds.add("the service " + service));
        fallback.value().ifPresent(_ -> kinds.add("a fixed answer"));
        return kinds.isEmpty() ? "none but those in code" : String.join(", else ", kinds);
    }

    private static String throttle(ThrottlePolicy throttle) {
        return "begins once the service takes fewer than 1 in %s of its calls, of %d at least within %s"
                .formatted(number(throttle.ratio()), throttle.minimumCalls(), text(throttle.window()));
    }

    public static String rate(RateLimitPolicy rate) {
        return rate.permits() + " per " + text(rate.per()) + ", burst " + rate.burst()
                + (rate.waitMax().isZero() ? ", refuses" : ", waits up to " + text(rate.waitMax()))
                + (rate.warmUp().isZero() ? "" : ", warms up for " + text(rate.warmUp()));
    }

    public static String concurrency(ConcurrencyPolicy concurrency) {
        String limit = concurrency.algorithm() == ConcurrencyPolicy.Algorithm.FIXED
                ? concurrency.limit() + " calls at once"
                : "%s, from %d, between %d and %d calls at once"
                        .formatted(
                                concurrency.algorithm().name().toLowerCase(Locale.ROOT),
                                concurrency.limit(),
                                concurrency.limitMin(),
                                concurrency.limitMax());
        return concurrency.queue() == 0
                ? limit
                : limit + ", " + concurrency.queue() + " more wait up to " + text(concurrency.waitMax());
    }

    private static String retry(RetryPolicy retry) {
        return retry.attempts() == 1
                ? "none"
                : ("%d attempts, pauses of %s growing %s times up to %s (%s jitter), on %s;"
                                + " budget %s per call and %s per second")
                        .formatted(
                                retry.attempts(),
                                text(retry.backoff()),
                                number(retry.multiplier()),
                                text(retry.backoffMax()),
                                retry.jitter().name().toLowerCase(Locale.ROOT),
                                retry.on().stream().map(c -> c.wire()).collect(Collectors.joining(", ")),
                                number(retry.budget()),
                                number(retry.budgetPerSecond()));
    }

    private static String hedge(HedgePolicy hedge) {
        return "a second attempt after the %s quantile, at least %s; for at most %s of all calls"
                .formatted(number(hedge.percentile()), text(hedge.delayMin()), number(hedge.budget()));
    }

    private static String breaker(CircuitBreakerPolicy breaker) {
        String window = breaker.windowCalls() > 0
                ? "the last " + breaker.windowCalls() + " calls"
                : "the calls of " + text(breaker.window());
        return ("opens after %d failures in a row, or where of %s (%d at least) %s failed or %s took %s;"
                        + " for %s growing to %s; %d %s")
                .formatted(
                        breaker.consecutiveFailures(),
                        window,
                        breaker.minimumCalls(),
                        percent(breaker.failureRate()),
                        percent(breaker.slowRate()),
                        text(breaker.slowCall()),
                        text(breaker.open()),
                        text(breaker.openMax()),
                        breaker.halfOpenCalls(),
                        breaker.halfOpenCalls() == 1 ? "trial" : "trials");
    }

    private static String percent(double share) {
        return number(share * 100) + " %";
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
