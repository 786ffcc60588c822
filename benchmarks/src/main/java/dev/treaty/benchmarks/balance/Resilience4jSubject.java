package dev.treaty.benchmarks.balance;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** What people put together from what is at hand: one instance after the other, breakers and retries around. */
final class Resilience4jSubject implements Subject {
    private final HttpCaller http = new HttpCaller();
    private final List<Integer> ports;
    private final List<CircuitBreaker> breakers;
    private final Retry retry = Retry.of(
            "tail",
            RetryConfig.custom()
                    .maxAttempts(ATTEMPTS)
                    .waitDuration(Duration.ofMillis(20))
                    .build());
    private final AtomicInteger next = new AtomicInteger();

    Resilience4jSubject(List<Integer> ports) {
        this.ports = ports;
        this.breakers = IntStream.range(0, ports.size())
                .mapToObj(i -> CircuitBreaker.ofDefaults("tail-" + i))
                .toList();
    }

    @Override
    public boolean call() {
        Callable<Boolean> attempt = () -> {
            int index = Math.floorMod(next.getAndIncrement(), ports.size());
            return breakers.get(index).executeCallable(() -> {
                http.call(ports.get(index), ATTEMPT);
                return true;
            });
        };
        try {
            return retry.executeCallable(attempt);
        } catch (Exception e) {
            return false;
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
