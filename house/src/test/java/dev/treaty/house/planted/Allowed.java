package dev.treaty.house.planted;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/** Calls that resemble banned ones and are allowed. */
@SuppressWarnings("all")
public final class Allowed {

    Instant readsTheInjectedSource(InstantSource source) {
        return source.instant();
    }

    long converts() {
        return TimeUnit.NANOSECONDS.convert(1, TimeUnit.SECONDS) + TimeUnit.SECONDS.convert(Duration.ofDays(1));
    }

    void parks() {
        LockSupport.park(this);
    }

    void waitsWithoutATimeout(BlockingQueue<Object> queue, CountDownLatch latch, Future<Object> future)
            throws Exception {
        queue.take();
        latch.await();
        future.get();
    }

    boolean triesAtOnce(Lock lock, Semaphore semaphore, BlockingQueue<Object> queue) {
        return lock.tryLock() && semaphore.tryAcquire() && queue.offer(this) && queue.poll() != null;
    }

    int usesTheInjectedRandom(RandomGenerator random) {
        return random.nextInt() + new Random(42).nextInt();
    }

    UUID createsAName(long most, long least) {
        return new UUID(most, least);
    }

    void wait(String forWhat) {}
}
