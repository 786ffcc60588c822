package dev.treaty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.Settings;
import dev.treaty.core.call.Fault;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent;
import dev.treaty.core.event.Event;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Processes that are killed and replaced again and again, while calls arrive at a constant rate. */
@Isolated // its calls arrive at a constant rate, which other tests would disturb
class CrashLoopTest {
    private static final int CALLS_PER_SECOND = 100;
    private static final int INSTANCES = 3;

    private static final ServiceName WORK = new ServiceName("test.Work");

    @Contract(name = "test.Work", version = "1.0.0")
    public interface Work {
        /** Executes a call that must not be repeated. */
        String once(String id);

        /** Executes a call that may be repeated. */
        @Idempotent
        String again(String id);
    }

    /** A process that serves: it writes each call to its ledger before it answers. */
    public static final class Main {
        private Main() {}

        /** Serves until the process is killed. */
        @SuppressWarnings("resource") // the process is killed
        public static void main(String[] arguments) throws InterruptedException {
            Path ledger = Path.of(arguments[1]);
            Treaty treaty = Treaty.open(Settings.parse("test", "registry: " + arguments[0] + "\n", Map.of()));
            ServedService served = treaty.serve(Work.class, new Work() {
                @Override
                public String once(String id) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
                    try {
                        Files.writeString(ledger, id + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    return id;
                }

                @Override
                public String again(String id) {
                    return once(id);
                }
            });
            System.out.println(served.instance().id());
            new CountDownLatch(1).await();
        }
    }

    /** A call that has failed, with the instance of its last attempt. */
    private record Failed(
            String id, boolean idempotent, long startNanos, long endNanos, Fault fault, String instance) {}

    private final Treaty registry = Treaty.open(Settings.DEFAULTS);
    private final Map<String, Process> running = new HashMap<>();
    private final Set<String> killed = ConcurrentHashMap.newKeySet();
    private final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
    private final Queue<Failed> failed = new ConcurrentLinkedQueue<>();

    /** By their beginning, the periods in which no instance accepted calls. */
    private final NavigableMap<Long, Long> outages = new ConcurrentSkipListMap<>();

    /** By the id of a call, the instance of its last attempt. */
    private final Map<String, String> lastInstances = new ConcurrentHashMap<>();

    private final List<Path> ledgers = new ArrayList<>();
    private Treaty client;

    @TempDir
    Path directory;

    @AfterEach
    void close() {
        running.values().forEach(Process::destroyForcibly);
        client.close();
        registry.close();
    }

    private Process start() throws IOException {
        String classPath = String.join(
                File.pathSeparator,
                Path.of("target", "test-classes").toString(),
                System.getProperty("jdk.module.path", ""),
                System.getProperty("java.class.path", ""));
        Path ledger = directory.resolve("ledger" + ledgers.size());
        ledgers.add(ledger);
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        classPath,
                        Main.class.getName(),
                        "treaty://" + registry.endpoint().orElseThrow().authority(),
                        ledger.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Starts processes together and waits until the client knows their instances. */
    private void replace(int count) throws IOException {
        var started = new ArrayList<Process>();
        for (int i = 0; i < count; i++) {
            started.add(start());
        }
        for (Process process : started) {
            BufferedReader output = process.inputReader();
            running.put(output.readLine(), process);
        }
    }

    /** Kills instances with {@code SIGKILL}. */
    private void kill(int count) throws InterruptedException {
        if (count == running.size()) {
            outages.put(System.nanoTime(), Long.MAX_VALUE);
        }
        for (String id : List.copyOf(running.keySet()).subList(0, count)) {
            Process process = running.remove(id);
            killed.add(id);
            process.destroyForcibly();
            process.waitFor();
        }
    }

    private void open() throws IOException {
        registry.serveRegistry();
        String address = registry.endpoint().orElseThrow().authority();
        client = Treaty.open(Settings.parse("test", "registry: treaty://" + address + "\n", Map.of()));
        client.events().subscribe(event -> {
            if (event instanceof Event.AttemptEnded(var call, var instance, var _)) {
                lastInstances.put(String.valueOf(call.arguments().getFirst()), instance.id());
            }
            if (event instanceof Event.DiscoveryChanged(DiscoveryEvent.Added _) && !outages.isEmpty()) {
                outages.computeIfPresent(
                        outages.lastKey(), (_, end) -> end == Long.MAX_VALUE ? System.nanoTime() : end);
            }
        });
        replace(INSTANCES);
        Patient.knows(client, WORK, INSTANCES);
        Work work = client.client(Work.class);
        for (int i = 0; i < 20; i++) {
            assertThat(work.again("warm-up " + i)).isNotEmpty();
        }
    }

    private static boolean idempotent(int number) {
        return number % 5 == 0;
    }

    private void call(Work work, int number) {
        long start = System.nanoTime();
        String id = "call " + number;
        try {
            assertThat(idempotent(number) ? work.again(id) : work.once(id)).isEqualTo(id);
            acknowledged.add(id);
        } catch (ServiceException e) {
            String instance = lastInstances.getOrDefault(id, "");
            failed.add(new Failed(id, idempotent(number), start, System.nanoTime(), e.fault(), instance));
        }
    }

    /** Makes calls at a constant rate, whatever becomes of them, until a thread has ended. */
    private int callUntilEnd(Thread disturbing) throws InterruptedException {
        Work work = client.client(Work.class);
        int number = 0;
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            long begin = System.nanoTime();
            while (disturbing.isAlive()) {
                int next = number++;
                callers.execute(() -> call(work, next));
                long due = begin + number * TimeUnit.SECONDS.toNanos(1) / CALLS_PER_SECOND;
                LockSupport.parkNanos(due - System.nanoTime());
            }
        }
        disturbing.join();
        return number;
    }

    private void pause(long millis) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** What is done to the instances while calls arrive. */
    private interface Disturbance {
        void run() throws IOException, InterruptedException;
    }

    /** @param failedMax how many of a thousand calls may fail while an instance accepts */
    private void check(Disturbance disturbance, int failedMax) throws Exception {
        open();
        var failure = new CompletableFuture<Boolean>();
        int made = callUntilEnd(Thread.ofPlatform().start(() -> {
            try {
                disturbance.run();
                failure.complete(true);
            } catch (Throwable e) {
                failure.completeExceptionally(e);
            }
        }));
        assertThat(failure.get()).isTrue();
        List<Failed> whileServed =
                failed.stream().filter(call -> !inOutage(call)).toList();
        System.out.printf(
                "crash loop: %d calls, %d failed, of these %d while an instance accepted, %d processes killed%n",
                made, failed.size(), whileServed.size(), killed.size());

        assertThat(whileServed).allSatisfy(call -> {
            assertThat(call.idempotent).as("idempotent").isFalse();
            assertThat(call.fault.reached()).as("written").isTrue();
            assertThat(killed).contains(call.instance);
        });
        assertThat(whileServed.size() * 1_000).isLessThanOrEqualTo(failedMax * made);
        assertThat(acknowledged).hasSize(made - failed.size());

        var executions = new HashMap<String, Integer>();
        for (Path ledger : ledgers) {
            for (String id : Files.exists(ledger) ? Files.readAllLines(ledger) : List.<String>of()) {
                executions.merge(id, 1, Integer::sum);
            }
        }
        assertThat(acknowledged).as("acknowledged and not executed").allMatch(executions::containsKey);
        for (int number = 0; number < made; number++) {
            if (!idempotent(number)) {
                assertThat(executions.getOrDefault("call " + number, 0))
                        .as("executions of call " + number)
                        .isLessThanOrEqualTo(1);
            }
        }
    }

    /** Returns true if no instance that the client knew accepted calls at some moment of the call. */
    private boolean inOutage(Failed call) {
        return outages.headMap(call.endNanos).values().stream()
                .anyMatch(end -> end == Long.MAX_VALUE || call.startNanos <= end);
    }

    private void killOneByOne(long durationMillis, int pauseMillis) throws IOException, InterruptedException {
        var random = new Random(42);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(durationMillis);
        while (System.nanoTime() - end < 0) {
            pause(pauseMillis + random.nextInt(pauseMillis));
            kill(1);
            replace(1);
        }
    }

    private void killAll(int times, int pauseMillis) throws IOException, InterruptedException {
        for (int i = 0; i < times; i++) {
            pause(pauseMillis);
            kill(INSTANCES);
            replace(INSTANCES);
        }
        pause(pauseMillis);
    }

    @Test
    void calls_survive_killed_and_replaced_instances_B7() throws Exception {
        check(() -> killOneByOne(4_000, 1_000), 50); // with a kill a second, and calls that take longer if it is busy
    }

    @Test
    @Tag("long")
    void at_most_one_call_in_a_thousand_fails_in_a_crash_loop_of_a_minute_B7() throws Exception {
        check(() -> killOneByOne(60_000, 5_000), 1);
    }

    @Test
    @Tag("long")
    void calls_succeed_as_soon_as_killed_instances_have_replacements_B7() throws Exception {
        check(() -> killAll(2, 8_000), 1);
    }
}
