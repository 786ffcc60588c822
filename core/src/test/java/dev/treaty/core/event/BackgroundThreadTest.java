package dev.treaty.core.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.time.ManualTime;
import dev.treaty.core.time.Time;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BackgroundThreadTest {
    private static final InheritableThreadLocal<String> CALLER = new InheritableThreadLocal<>();

    private final List<Event> events = new CopyOnWriteArrayList<>();

    @Test
    void a_body_that_throws_is_reported_and_runs_again_G1() throws InterruptedException {
        var time = new ManualTime();
        var runs = new AtomicInteger();
        Thread thread = BackgroundThread.virtual("test", time, events::add, () -> {
            if (runs.incrementAndGet() < 3) {
                throw new AssertionError("broken");
            }
        });
        thread.start();
        while (thread.isAlive()) {
            time.advance(Duration.ofSeconds(1));
            Thread.yield();
        }
        assertThat(runs).hasValue(3);
        assertThat(events).hasSize(2).allSatisfy(event -> {
            var failed = (Event.ThreadFailed) event;
            assertThat(failed.thread()).isEqualTo("test");
            assertThat(failed.cause()).hasMessage("broken");
        });
    }

    @Test
    void a_body_that_runs_once_is_not_repeated_G1() throws InterruptedException {
        var runs = new AtomicInteger();
        BackgroundThread.Body body = () -> {
            runs.incrementAndGet();
            throw new AssertionError("broken");
        };
        for (Thread thread : List.of(
                BackgroundThread.once("test", events::add, body),
                BackgroundThread.platformOnce("test", events::add, body))) {
            thread.start();
            thread.join();
        }
        BackgroundThread.startOnce("test", events::add, body).join();
        assertThat(runs).hasValue(3);
        assertThat(events).hasSize(3);
    }

    @Test
    void an_interrupt_ends_a_thread_without_a_report() throws InterruptedException {
        var started = new CountDownLatch(1);
        Thread thread = BackgroundThread.platform("test", Time.system(), events::add, () -> {
            started.countDown();
            new CountDownLatch(1).await();
        });
        thread.start();
        started.await();
        thread.interrupt();
        thread.join();
        assertThat(events).isEmpty();
    }

    @Test
    void a_thread_inherits_nothing_from_its_creator_G2() throws InterruptedException {
        CALLER.set("Alice");
        var before = Thread.currentThread().getContextClassLoader();
        Thread.currentThread().setContextClassLoader(new ClassLoader() {});
        try {
            var inherited = new CopyOnWriteArrayList<>();
            BackgroundThread.Body body = () -> {
                inherited.add(String.valueOf(CALLER.get()));
                inherited.add(Thread.currentThread().getContextClassLoader());
            };
            for (Thread thread : List.of(
                    BackgroundThread.virtual("test", Time.system(), events::add, body),
                    BackgroundThread.platform("test", Time.system(), events::add, body),
                    BackgroundThread.once("test", events::add, body),
                    BackgroundThread.platformOnce("test", events::add, body))) {
                thread.start();
                thread.join();
            }
            assertThat(inherited).hasSize(8).containsOnly("null", ClassLoader.getSystemClassLoader());
        } finally {
            Thread.currentThread().setContextClassLoader(before);
            CALLER.remove();
        }
    }
}
