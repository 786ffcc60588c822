package dev.treaty.example.shop;

import dev.treaty.ServedService;
import dev.treaty.Treaty;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceInstance;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * A process of the shop.
 *
 * <pre>{@code
 * ShopProcess SERVICE [--version V] [--chaos] [--attached]
 *
 * SERVICE      storefront, orders, inventory, payments, recommendations, or database
 * --version V  1.0.0, or for the orders also 1.1.0
 * --chaos      also serves shop.Chaos, which makes the process slow
 * --attached   exits at the end of the standard input, which comes when the parent process ends
 * }</pre>
 *
 * <p>{@code TREATY_REGISTRY} is the address of the registry. {@code SHOP_DATABASE} is the URL of the database (default:
 * one in the memory of this process) and {@code SHOP_DATABASE_PASSWORD} its password. When the process can be called,
 * it prints {@code ready SERVICE VERSION INSTANCE ADDRESS}. After SIGTERM it completes running calls and exits.
 */
public final class ShopProcess {
    private static final String SETTINGS = "shop.yaml";
    private static final String USER = "shop";
    private static final String MEMORY = "jdbc:h2:mem:shop";
    private static final int TRAINING_CALLS = 50;
    private static final String CUSTOMER = "ann";

    private final Map<String, String> environment;
    private final List<AutoCloseable> open = new ArrayList<>();

    private ShopProcess(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Runs a process of the shop until it is terminated. */
    public static void main(String[] arguments) throws Exception {
        var process = new ShopProcess(System.getenv());
        Runtime.getRuntime().addShutdownHook(new Thread(process::close, "close"));
        try {
            System.out.println(process.start(new Arguments(arguments)));
        } catch (IllegalArgumentException e) {
            System.err.println("ShopProcess: " + e.getMessage());
            System.exit(2);
        }
        if (Arrays.asList(arguments).contains("--attached")) {
            System.in.transferTo(OutputStream.nullOutputStream());
            System.exit(0);
        }
        new CountDownLatch(1).await();
    }

    /**
     * Runs all services in this process, calls them, and closes them. A JVM that archives the classes it has loaded can
     * call this, so that the processes of the shop start faster.
     */
    public static void train() throws Exception {
        try (var database = DatabaseServer.start(USER, "")) {
            var process = new ShopProcess(Map.of("SHOP_DATABASE", database.url()));
            try (Treaty treaty = Treaty.open(process.settings())) {
                for (String service : List.of("inventory", "payments", "orders", "recommendations", "storefront")) {
                    process.serve(treaty, new Slowness(), new Arguments(service));
                }
                treaty.serve(Chaos.class, new Slowness());
                for (int i = 0; i < TRAINING_CALLS; i++) { // whether or not they succeed in time
                    treaty.client().call("shop.Storefront", "checkout", order(i));
                    treaty.client().call("shop.Storefront", "browse", Map.of("customer", CUSTOMER));
                }
            } finally {
                process.close();
            }
        }
    }

    private static Map<String, Object> order(int number) {
        List<?> lines = List.of(Map.of("product", "tea", "quantity", 1));
        return Map.of("id", "training-" + number, "customer", CUSTOMER, "lines", lines);
    }

    private record Arguments(String service, Version version, boolean chaos) {
        Arguments(String... words) {
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

    private ConfigurationSources settings() {
        try (InputStream file = ShopProcess.class.getResourceAsStream(SETTINGS)) {
            if (file == null) {
                throw new IllegalStateException(SETTINGS + " is missing from the shop's jar");
            }
            return ConfigurationSources.of(environment)
                    .withShipped(SETTINGS, new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the line to print when the process can be called. */
    private String start(Arguments arguments) throws SQLException {
        if (arguments.service.equals("database")) {
            return "ready database - - "
                    + opened(DatabaseServer.start(USER, password())).url();
        }
        Treaty treaty = opened(Treaty.open(settings()));
        var slowness = new Slowness();
        ServiceInstance instance = serve(treaty, slowness, arguments).instance();
        if (arguments.chaos) {
            treaty.serve(Chaos.class, slowness);
        }
        return "ready " + instance.service() + " " + instance.version() + " " + instance.id() + " "
                + instance.endpoint();
    }

    private ServedService serve(Treaty treaty, Slowness slowness, Arguments arguments) {
        var clock = InstantSource.system();
        return switch (arguments.service) {
            case "storefront" ->
                serve(
                        treaty,
                        slowness,
                        Storefront.class,
                        new ShopFront(
                                treaty.client(Orders.class), treaty.client(Recommendations.class, new Bestsellers())));
            case "orders" -> {
                var orders = new StoredOrders(
                        database(), treaty.client(Inventory.class), treaty.client(Payments.class), clock);
                yield arguments.version.minor() == 0
                        ? serve(treaty, slowness, Orders.class, orders)
                        : serve(treaty, slowness, TrackedOrders.class, orders);
            }
            case "inventory" -> serve(treaty, slowness, Inventory.class, new StoredInventory(database(), clock));
            case "payments" -> serve(treaty, slowness, Payments.class, new StoredPayments(database(), clock));
            case "recommendations" -> serve(treaty, slowness, Recommendations.class, new TasteRecommendations());
            default ->
                throw new IllegalArgumentException("there is no service \"" + arguments.service
                        + "\": choose storefront, orders, inventory, payments, recommendations or database");
        };
    }

    private static <T> ServedService serve(Treaty treaty, Slowness slowness, Class<T> contract, T implementation) {
        return treaty.serve(contract, slowness.wrap(contract, implementation));
    }

    private Database database() {
        return opened(Database.open(environment.getOrDefault("SHOP_DATABASE", MEMORY), USER, password()));
    }

    private String password() {
        return environment.getOrDefault("SHOP_DATABASE_PASSWORD", "");
    }

    private synchronized <T extends AutoCloseable> T opened(T part) {
        open.add(part);
        return part;
    }

    /** Closes Treaty before the database, which running calls use. */
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
