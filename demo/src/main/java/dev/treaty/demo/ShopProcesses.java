package dev.treaty.demo;

import dev.treaty.cli.CommandFailed;
import dev.treaty.cli.up.ChildProcess;
import dev.treaty.registry.RegistryAddress;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The processes of the shop: a database server and the instances of its services. Only the name of the main class
 * connects the command with the shop, as it would with the application of a user.
 */
final class ShopProcesses {
    static final String MAIN_CLASS = "dev.treaty.example.shop.ShopProcess";

    /** The services that have two instances at the beginning. */
    private static final List<String> DOUBLED = List.of("orders", "inventory", "payments", "recommendations");

    /** The version of each instance at the beginning. */
    static final String VERSION = "1.0.0";

    /** The version that replaces the orders. */
    static final String NEXT_VERSION = "1.1.0";

    /**
     * Options for JVMs that start fast and stay small, since eleven of them share the machine. Code is compiled after
     * few runs, because each process gets only a part of the calls of a short demo.
     */
    private static final List<String> SMALL = List.of(
            "-XX:TieredStopAtLevel=1",
            "-XX:CompileThresholdScaling=0.05",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-Xmx96m");

    private final ProcessGroup processes;
    private final Map<String, String> environment = new HashMap<>();
    private final Optional<DemoSecurity> security;
    private final Map<String, Integer> numbers = new ConcurrentHashMap<>();
    private final List<ShopInstance> instances = new CopyOnWriteArrayList<>();
    private final ShopInstance database;

    /** Starts the database server. */
    ShopProcesses(ProcessGroup processes, RegistryAddress registry, Optional<DemoSecurity> security)
            throws IOException {
        this.processes = processes;
        this.security = security;
        byte[] password = new byte[16];
        new SecureRandom().nextBytes(password);
        environment.put("TREATY_REGISTRY", registry.toString());
        environment.put("SHOP_DATABASE_PASSWORD", HexFormat.of().formatHex(password));
        database = ShopInstance.start("database", processes, command("database", VERSION), environment);
    }

    /** Returns the command that runs a class with the class path of this process in a small JVM. */
    static List<String> java(String mainClass, String... arguments) {
        return ChildProcess.java(SMALL, ChildProcess.ownClassPath(), mainClass, List.of(arguments));
    }

    private static List<String> command(String service, String version) {
        return java(MAIN_CLASS, service, "--version", version, "--chaos", "--attached");
    }

    /** Starts all services at the same time, as soon as the database is ready. */
    void startServices() throws IOException, InterruptedException {
        environment.put("SHOP_DATABASE", database.awaitReady().address().toString());
        start("storefront", VERSION);
        for (String service : DOUBLED) {
            start(service, VERSION);
            start(service, VERSION);
        }
    }

    /** Starts one more instance of a service. */
    ShopInstance start(String service, String version) throws IOException {
        String name = service + "-" + numbers.merge(service, 1, Integer::sum);
        var variables = new HashMap<>(environment);
        String identity = "shop." + service.substring(0, 1).toUpperCase(Locale.ROOT) + service.substring(1);
        security.ifPresent(used -> variables.putAll(used.environment(identity)));
        var instance = ShopInstance.start(name, processes, command(service, version), variables);
        instances.add(instance);
        return instance;
    }

    void awaitReady() throws InterruptedException {
        for (ShopInstance instance : instances) {
            instance.awaitReady();
        }
    }

    /** Returns all instances of services, including ended ones, in the order of their start. */
    List<ShopInstance> instances() {
        return List.copyOf(instances);
    }

    /**
     * Returns the instances that have not ended and whose names begin with a prefix.
     *
     * @throws CommandFailed if there are none
     */
    List<ShopInstance> running(String prefix) {
        List<ShopInstance> running = instances.stream()
                .filter(i -> i.name().startsWith(prefix)
                        && i.condition().alive()
                        && i.child().alive())
                .toList();
        if (running.isEmpty()) {
            throw new CommandFailed(prefix + " does not run");
        }
        return running;
    }
}
