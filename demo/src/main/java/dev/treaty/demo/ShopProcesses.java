package dev.treaty.demo;

import dev.treaty.cli.up.ChildProcess;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The processes of the demo: a database server, which nothing is done to, and the services of the shop. The command
 * line knows the shop only by the name of its main class, as it would know anybody's.
 */
final class ShopProcesses implements AutoCloseable {
    private static final String MAIN_CLASS = "dev.treaty.example.shop.ShopProcess";

    /** How many processes of each service there are in the beginning. */
    private static final List<Map.Entry<String, Integer>> BEGINNING = List.of(
            Map.entry("storefront", 1),
            Map.entry("orders", 2),
            Map.entry("inventory", 3),
            Map.entry("payments", 3),
            Map.entry("recommendations", 2));

    /** The version that a process runs where nothing else is said. */
    static final String FIRST_VERSION = "1.0.0";

    /** The version that the orders are rolled to. */
    static final String NEXT_VERSION = "1.1.0";

    /** Virtual machines that start fast and stay small: a dozen of them share one machine. */
    private static final List<String> SMALL = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx96m");

    private final Map<String, String> environment = new HashMap<>();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<ShopInstance> processes = new CopyOnWriteArrayList<>();
    private final ShopInstance database;

    /**
     * Starts the database and then all services at once, and returns when the database is ready.
     *
     * @param registry the address of the registry that they register with
     */
    ShopProcesses(String registry) throws IOException, InterruptedException {
        byte[] password = new byte[16];
        new SecureRandom().nextBytes(password);
        environment.put("TREATY_REGISTRY", registry);
        environment.put("SHOP_DATABASE_PASSWORD", HexFormat.of().formatHex(password));
        database = ShopInstance.start("database", command("database", FIRST_VERSION), environment);
        try {
            environment.put("SHOP_DATABASE", database.awaitReady().address().toString());
            for (var entry : BEGINNING) {
                for (int i = 0; i < entry.getValue(); i++) {
                    start(entry.getKey(), FIRST_VERSION);
                }
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static List<String> command(String service, String version) {
        return ChildProcess.java(
                SMALL,
                ChildProcess.ownClassPath(),
                MAIN_CLASS,
                List.of(service, "--version", version, "--chaos", "--attached"));
    }

    /** Starts one more process of a service. */
    ShopInstance start(String service, String version) throws IOException {
        String name = service + "-" + number(service);
        var process = ShopInstance.start(name, command(service, version), environment);
        processes.add(process);
        return process;
    }

    private synchronized int number(String service) {
        return numbers.merge(service, 1, Integer::sum);
    }

    /** Waits until every process can be called. */
    void awaitReady() throws InterruptedException {
        for (ShopInstance process : processes) {
            process.awaitReady();
        }
    }

    /** Every process there is or was, services only, in the order in which they were started. */
    List<ShopInstance> processes() {
        return List.copyOf(processes);
    }

    /** The processes of a service that are running and to which nothing is done. */
    List<ShopInstance> running(String service) {
        return processes.stream()
                .filter(p -> p.name().startsWith(service + "-") && p.condition() == ShopInstance.Condition.RUNNING)
                .toList();
    }

    /** Ends all processes: the services first, together, and then the database that they use. */
    @Override
    public void close() {
        processes.stream()
                .filter(p -> p.condition() == ShopInstance.Condition.FROZEN)
                .forEach(p -> p.child().kill()); // it could not say goodbye
        ChildProcess.closeAll(processes.stream().map(ShopInstance::child).toList(), ChildProcess.PATIENCE);
        database.child().close();
    }
}
