package dev.treaty.example.shop;

import dev.treaty.ServedService;
import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.Version;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * One process of the shop.
 *
 * <pre>{@code
 * ShopProcess SERVICE [--version V] [--chaos] [--attached]
 *
 * SERVICE      storefront, orders, inventory, payments, recommendations, or database
 * --version V  1.0.0, or for the orders also 1.1.0
 * --chaos      offers shop.Chaos too, so that somebody may make this process slow
 * --attached   ends when the standard input does, as it does when the process that started this one dies
 * }</pre>
 *
 * <p>Where the registry is says {@code TREATY_REGISTRY}; where the database is say {@code SHOP_DATABASE} (without it,
 * one in this process's memory) and {@code SHOP_DATABASE_PASSWORD}. Once it can be called it prints
 * {@code ready SERVICE VERSION INSTANCE ADDRESS}; on SIGTERM it ends what it has begun and leaves.
 */
public final class ShopProcess {
    private static final String SETTINGS = "shop.yaml";
    private static final String USER = "shop";
    private static final String MEMORY = "jdbc:h2:mem:shop";

    private final List<AutoCloseable> open = new ArrayList<>();

    private ShopProcess() {}

    /** Runs one process of the shop until it is asked to end. */
    public static void main(String[] arguments) throws Exception {
        var process = new ShopProcess();
        Runtime.getRuntime().addShutdownHook(new Thread(process::close, "close"));
        try {
            process.start(new Arguments(arguments));
        } catch (IllegalArgumentException e) {
            System.err.println("ShopProcess: " + e.getMessage());
            System.exit(2);
        }
        if (Arrays.asList(arguments).contains("--attached")) {
            awaitEnd();
            System.exit(0);
        }
        new CountDownLatch(1).await();
    }

    private record Arguments(String service, Version version, boolean chaos) {
        Arguments(String[] words) {
            this(
                    words.length == 0 ? "" : words[0],
                    option(words, "--version").map(Version::parse).orElse(new Version(1, 0, 0)),
                    Arrays.asList(words).contains("--chaos"));
        }

        private static Optional<String> option(String[] words, String name) {
            int at = Arrays.asList(words).indexOf(name);
            return at < 0 || at == words.length - 1 ? Optional.empty() : Optional.of(words[at + 1]);
        }
    }

    /** Whoever started us never writes; reading ends when they close the pipe or die. */
    private static void awaitEnd() throws IOException {
        while (System.in.read() >= 0) {
            // nothing to do with what they say
        }
    }

    private static Settings settings() {
        try (InputStream file = ShopProcess.class.getResourceAsStream(SETTINGS)) {
            if (file == null) {
                throw new IllegalStateException(SETTINGS + " is missing from the shop's jar");
            }
            String yaml = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            return Settings.parse(SETTINGS, yaml, System.getenv());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void start(Arguments arguments) throws SQLException {
        if (arguments.service.equals("database")) {
            DatabaseServer server = opened(DatabaseServer.start(USER, password()));
            System.out.println("ready database - - " + server.url());
            return;
        }
        Treaty treaty = opened(Treaty.open(settings()));
        var slowness = new Slowness();
        ServedService hosted = switch (arguments.service) {
            case "storefront" ->
                treaty.serve(
                        Storefront.class,
                        slowness.around(
                                Storefront.class,
                                new ShopFront(
                                        treaty.client(Orders.class),
                                        treaty.client(Recommendations.class, new Bestsellers()))));
            case "orders" -> orders(treaty, slowness, arguments.version);
            case "inventory" ->
                treaty.serve(
                        Inventory.class,
                        slowness.around(Inventory.class, new StoredInventory(database(), InstantSource.system())));
            case "payments" ->
                treaty.serve(
                        Payments.class,
                        slowness.around(Payments.class, new StoredPayments(database(), InstantSource.system())));
            case "recommendations" ->
                treaty.serve(Recommendations.class, slowness.around(Recommendations.class, new TasteRecommendations()));
            default ->
                throw new IllegalArgumentException("there is no service \"" + arguments.service
                        + "\": choose storefront, orders, inventory, payments, recommendations or database");
        };
        if (arguments.chaos) {
            treaty.serve(Chaos.class, slowness);
        }
        var instance = hosted.instance();
        System.out.println("ready " + instance.service() + " " + instance.version() + " " + instance.id() + " "
                + instance.endpoint());
    }

    private ServedService orders(Treaty treaty, Slowness slowness, Version version) {
        var orders = new StoredOrders(
                database(), treaty.client(Inventory.class), treaty.client(Payments.class), InstantSource.system());
        return version.minor() == 0
                ? treaty.serve(Orders.class, slowness.around(Orders.class, orders))
                : treaty.serve(TrackedOrders.class, slowness.around(TrackedOrders.class, orders));
    }

    private Database database() {
        return opened(Database.open(System.getenv().getOrDefault("SHOP_DATABASE", MEMORY), USER, password()));
    }

    private static String password() {
        return System.getenv().getOrDefault("SHOP_DATABASE_PASSWORD", "");
    }

    private synchronized <T extends AutoCloseable> T opened(T part) {
        open.add(part);
        return part;
    }

    /** What was opened last is closed first, but calls under way need the database: the fabric goes before it. */
    private synchronized void close() {
        open.sort((a, b) -> Boolean.compare(b instanceof Treaty, a instanceof Treaty));
        for (AutoCloseable part : open) {
            try {
                part.close();
            } catch (Exception e) {
                System.err.println("ShopProcess: could not close " + part + ": " + e.getMessage());
            }
        }
    }
}
