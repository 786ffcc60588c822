package dev.treaty.house.planted;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.Timer;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/** One banned call in each method. */
@SuppressWarnings("all")
public final class Banned {

    long readsNanos() {
        return System.nanoTime();
    }

    long readsMillis() {
        return System.currentTimeMillis();
    }

    LongSupplier refersToNanos() {
        return System::nanoTime;
    }

    LongSupplier readsNanosInALambda() {
        return () -> System.nanoTime() + 1;
    }

    Instant readsAnInstant() {
        return Instant.now();
    }

    LocalDate readsADate() {
        return LocalDate.now();
    }

    Clock takesAClock() {
        return Clock.systemUTC();
    }

    InstantSource takesASource() {
        return InstantSource.system();
    }

    Date createsADate() {
        return new Date();
    }

    void sleeps() throws InterruptedException {
        Thread.sleep(1);
    }

    void sleepsByUnit() throws InterruptedException {
        TimeUnit.SECONDS.sleep(1);
    }

    boolean joinsWithTimeout(Thread thread) throws InterruptedException {
        return thread.join(Duration.ofSeconds(1));
    }

    void parksWithTimeout() {
        LockSupport.parkNanos(this, 1);
    }

    void parksUntil() {
        LockSupport.parkUntil(1);
    }

    Object pollsWithTimeout(BlockingQueue<Object> queue) throws InterruptedException {
        return queue.poll(1, TimeUnit.SECONDS);
    }

    boolean offersWithTimeout(BlockingQueue<Object> queue) throws InterruptedException {
        return queue.offer(this, 1, TimeUnit.SECONDS);
    }

    boolean awaitsWithTimeout(CountDownLatch latch) throws InterruptedException {
        return latch.await(1, TimeUnit.SECONDS);
    }

    boolean acquiresWithTimeout(Semaphore semaphore) throws InterruptedException {
        return semaphore.tryAcquire(1, TimeUnit.SECONDS);
    }

    boolean locksWithTimeout(Lock lock) throws InterruptedException {
        return lock.tryLock(1, TimeUnit.SECONDS);
    }

    long awaitsNanos(Condition condition) throws InterruptedException {
        return condition.awaitNanos(1);
    }

    Object getsWithTimeout(Future<Object> future) throws Exception {
        return future.get(1, TimeUnit.SECONDS);
    }

    CompletableFuture<Object> timesOut(CompletableFuture<Object> future) {
        return future.orTimeout(1, TimeUnit.SECONDS);
    }

    void waits() throws InterruptedException {
        wait();
    }

    void waitsWithTimeout(Object monitor) throws InterruptedException {
        monitor.wait(1);
    }

    Timer createsATimer() {
        return new Timer();
    }

    Object createsAScheduler() {
        return Executors.newSingleThreadScheduledExecutor();
    }

    Object schedules(ScheduledExecutorService scheduler, Runnable task) {
        return scheduler.schedule(task, 1, TimeUnit.SECONDS);
    }

    int usesTheRandomOfTheThread() {
        return ThreadLocalRandom.current().nextInt();
    }

    double usesTheRandomOfMath() {
        return Math.random();
    }

    UUID createsARandomName() {
        return UUID.randomUUID();
    }

    Random seedsARandom() {
        return new Random();
    }

    SplittableRandom seedsASplittableRandom() {
        return new SplittableRandom();
    }

    SecureRandom createsASecureRandom() {
        return new SecureRandom();
    }

    RandomGenerator takesTheDefault() {
        return RandomGenerator.getDefault();
    }

    Stream<Object> streamsInParallel(List<Object> list) {
        return list.parallelStream();
    }

    Stream<Object> makesAStreamParallel(Stream<Object> stream) {
        return stream.parallel();
    }

    void sortsInParallel(long[] numbers) {
        Arrays.parallelSort(numbers);
    }
}
