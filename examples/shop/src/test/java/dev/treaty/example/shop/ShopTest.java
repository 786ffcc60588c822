package dev.treaty.example.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.ServedService;
import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The whole shop in one process, with all calls over HTTP. */
class ShopTest {
    private final Slowness slowness = new Slowness();
    private DatabaseServer server;
    private Database database;
    private Treaty treaty;
    private ServedService recommendations;
    private Storefront storefront;

    @BeforeEach
    void start() throws Exception {
        var clock = InstantSource.system();
        server = DatabaseServer.start("shop", "secret");
        database = Database.open(server.url(), "shop", "secret");
        treaty = Treaty.open(Settings.parse("test", "defaults: {deadline: 1m, attempt-timeout: 1m}", Map.of()));
        treaty.serve(Inventory.class, new StoredInventory(database, clock));
        treaty.serve(Payments.class, slowness.wrap(Payments.class, new StoredPayments(database, clock)));
        treaty.serve(
                TrackedOrders.class,
                new StoredOrders(database, treaty.client(Inventory.class), treaty.client(Payments.class), clock));
        recommendations = treaty.serve(Recommendations.class, new TasteRecommendations());
        treaty.serve(
                Storefront.class,
                new ShopFront(treaty.client(Orders.class), treaty.client(Recommendations.class, new Bestsellers())));
        storefront = treaty.client(Storefront.class);
        for (String service : List.of("Inventory", "Payments", "Orders", "Recommendations", "Storefront")) {
            awaitPassing("shop." + service);
        }
    }

    /** A slow health check makes a service critical until the next check. */
    private void awaitPassing(String service) {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        ServiceHealth health;
        do {
            Thread.yield();
            health = treaty.client().health(service);
            assertThat(System.nanoTime() - end).as("%s: %s", service, health).isNegative();
        } while (health.status() != Status.PASSING);
    }

    private Order checkout(NewOrder order) throws Exception {
        return Patience.available(() -> storefront.checkout(order));
    }

    @AfterEach
    void stop() {
        treaty.close();
        database.close();
        server.close();
    }

    private static NewOrder order(String id) {
        return new NewOrder(id, "ann", List.of(new Line("tea", 2), new Line("jam", 1)));
    }

    @Test
    void a_customer_sees_a_placed_order() throws Exception {
        Order bought = checkout(order("42"));

        Page page = Patience.available(() -> storefront.browse("ann"));
        assertThat(page.recent()).containsExactly(bought);
        assertThat(page.recommended()).isEqualTo(new TasteRecommendations().suggest("ann", 3));
    }

    @Test
    void a_page_is_complete_without_recommendations() throws Exception {
        recommendations.close();

        assertThat(Patience.available(() -> storefront.browse("ann")).recommended())
                .isEqualTo(new Bestsellers().suggest("ann", 3));
    }

    @Test
    void an_error_at_the_end_of_a_chain_of_calls_reaches_the_first_caller() {
        assertThatThrownBy(() -> checkout(new NewOrder("1", "ann", List.of(new Line("gold", 1)))))
                .isInstanceOfSatisfying(ServiceException.class, e -> {
                    assertThat(e.code()).isEqualTo(Code.NOT_FOUND);
                    assertThat(e).hasMessageContaining("the shop does not sell gold");
                });
    }

    @Test
    void clients_of_the_first_version_can_call_the_next() throws Exception {
        checkout(order("42"));

        Orders old = treaty.client(Orders.class);
        TrackedOrders next = treaty.client(TrackedOrders.class);
        assertThat(Patience.available(() -> old.get("42")).customer()).isEqualTo("ann");
        assertThat(Patience.available(() -> next.track("42")).stage()).isEqualTo(Tracking.Stage.PLACED);
    }

    @Test
    void a_plain_http_client_can_call_a_service() throws Exception {
        checkout(order("42"));
        ServiceInstance orders =
                treaty.registry().instances(new ServiceName("shop.Orders")).getFirst();

        var connection = (HttpURLConnection)
                URI.create(orders.endpoint() + "/shop.Orders/get").toURL().openConnection();
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setDoOutput(true);
        connection.getOutputStream().write("{\"id\":\"42\"}".getBytes(StandardCharsets.UTF_8));

        assertThat(connection.getResponseCode()).isEqualTo(200);
        assertThat(new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("\"customer\":\"ann\"", "\"totalCents\":1810");
    }

    @Test
    void slowness_delays_calls_but_not_health_checks() throws Exception {
        slowness.delay(50);
        long start = System.nanoTime();
        checkout(order("42"));
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(50_000_000);

        slowness.delay(Chaos.DELAY_MILLIS_MAX);
        awaitPassing("shop.Payments");

        slowness.delay(0);
        assertThat(checkout(order("43")).id()).isEqualTo("43");
        assertThatThrownBy(() -> slowness.delay(-1)).hasMessageContaining("use 0 to 60000");
    }

    @Test
    void a_service_is_as_healthy_as_its_database() {
        var payments = new StoredPayments(database, InstantSource.system());
        assertThat(payments.health().status()).isEqualTo(Status.PASSING);

        server.close();

        assertThat(payments.health().status()).isEqualTo(Status.CRITICAL);
        assertThat(payments.health().message()).isEqualTo("the database cannot be reached");
    }
}
