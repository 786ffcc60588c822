package dev.treaty.example.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceContract;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The services as objects on a database server, with two instances of each, as in two processes. */
class StoredShopTest {
    private static final List<Line> TEA_AND_JAM = List.of(new Line("tea", 2), new Line("jam", 1));
    private static final int RACES = 50;
    private static final long TEA_AND_JAM_CENTS = 2 * 690 + 430;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-24T09:00:00.123456789Z"));
    private DatabaseServer server;
    private Database database;
    private Database other;
    private StoredInventory inventory;
    private StoredPayments payments;
    private StoredOrders orders;
    private StoredOrders otherOrders;

    @BeforeEach
    void start() throws SQLException {
        server = DatabaseServer.start("shop", "secret");
        database = Database.open(server.url(), "shop", "secret");
        other = Database.open(server.url(), "shop", "secret");
        inventory = new StoredInventory(database, now::get);
        payments = new StoredPayments(database, now::get);
        orders = new StoredOrders(database, inventory, payments, now::get);
        otherOrders = new StoredOrders(
                other, new StoredInventory(other, now::get), new StoredPayments(other, now::get), now::get);
    }

    @AfterEach
    void stop() {
        other.close();
        database.close();
        server.close();
    }

    @Test
    void an_order_is_reserved_charged_and_stored() {
        Order order = orders.place(new NewOrder("42", "ann", TEA_AND_JAM));

        assertThat(order)
                .isEqualTo(new Order(
                        "42",
                        "ann",
                        TEA_AND_JAM,
                        TEA_AND_JAM_CENTS,
                        "42",
                        Instant.parse("2026-11-24T09:00:00.123456Z")));
        assertThat(inventory.stock("tea")).isEqualTo(StoredInventory.STOCK - 2);
        assertThat(payments.receipts("ann"))
                .hasSize(1)
                .first()
                .satisfies(receipt -> assertThat(receipt.amountCents()).isEqualTo(TEA_AND_JAM_CENTS));
        assertThat(otherOrders.get("42")).isEqualTo(order);
    }

    @Test
    void placing_an_order_again_at_another_instance_returns_the_first_order() {
        Order first = orders.place(new NewOrder("42", "ann", TEA_AND_JAM));
        now.updateAndGet(t -> t.plusSeconds(5));

        assertThat(otherOrders.place(new NewOrder("42", "ann", TEA_AND_JAM))).isEqualTo(first);
        assertThat(inventory.stock("tea")).isEqualTo(StoredInventory.STOCK - 2);
        assertThat(payments.receipts("ann")).hasSize(1);
    }

    @Test
    void placing_an_order_twice_at_the_same_time_places_it_once() throws Exception {
        for (int i = 0; i < RACES; i++) {
            var order = new NewOrder("race-" + i, "ann", TEA_AND_JAM);
            assertThat(both(() -> orders.place(order), () -> otherOrders.place(order)))
                    .hasSize(2)
                    .containsOnly(orders.get(order.id()));
        }
        assertThat(inventory.stock("tea")).isEqualTo(StoredInventory.STOCK - 2 * RACES);
        assertThat(orders.list("ann", 100)).hasSize(RACES);
    }

    private static List<Order> both(Callable<Order> one, Callable<Order> other) throws Exception {
        var start = new CountDownLatch(2);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var first = threads.submit(() -> together(start, one));
            var second = threads.submit(() -> together(start, other));
            return List.of(first.get(), second.get());
        }
    }

    private static Order together(CountDownLatch start, Callable<Order> body) throws Exception {
        start.countDown();
        start.await();
        return Patience.available(body); // a statement that waits for a lock for a second is unavailable
    }

    @Test
    void several_processes_can_create_the_tables_at_the_same_time() throws Exception {
        for (int round = 0; round < 10; round++) {
            stop();
            server = DatabaseServer.start("shop", "secret");
            database = Database.open(server.url(), "shop", "secret");
            other = Database.open(server.url(), "shop", "secret");
            var start = new CountDownLatch(4);
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                var stocks = new ArrayList<Future<Integer>>();
                for (int i = 0; i < 4; i++) {
                    var mine = i % 2 == 0 ? database : other;
                    stocks.add(threads.submit(() -> {
                        start.countDown();
                        start.await();
                        return Patience.available(() -> {
                            new StoredPayments(mine, now::get);
                            return new StoredInventory(mine, now::get).stock("candles");
                        });
                    }));
                }
                for (Future<Integer> stock : stocks) {
                    assertThat(stock.get()).isEqualTo(StoredInventory.STOCK);
                }
            }
        }
    }

    @Test
    void an_id_cannot_be_used_for_other_contents() {
        orders.place(new NewOrder("42", "ann", TEA_AND_JAM));

        rejected(
                Code.ALREADY_EXISTS,
                "order 42",
                () -> orders.place(new NewOrder("42", "ann", List.of(new Line("salt", 1)))));
        rejected(Code.ALREADY_EXISTS, "payment 42", () -> payments.charge("42", "bob", 1));
    }

    @Test
    void a_reservation_is_all_or_nothing() {
        for (int i = 0; i < StoredInventory.STOCK / Checks.QUANTITY_MAX - 1; i++) {
            inventory.reserve("big-" + i, List.of(new Line("salt", Checks.QUANTITY_MAX)));
        }
        inventory.reserve("last", List.of(new Line("salt", Checks.QUANTITY_MAX - 1)));

        rejected(
                Code.FAILED_PRECONDITION,
                "only 1 of salt",
                () -> inventory.reserve("one-more", List.of(new Line("bread", 7), new Line("salt", 2))));
        assertThat(inventory.stock("bread")).isEqualTo(StoredInventory.STOCK);
        assertThat(inventory.stock("salt")).isEqualTo(1);
    }

    @Test
    void the_newest_orders_come_first() {
        for (String id : List.of("a", "b", "c")) {
            orders.place(new NewOrder(id, "ann", TEA_AND_JAM));
            now.updateAndGet(t -> t.plusSeconds(1));
        }
        orders.place(new NewOrder("d", "bob", TEA_AND_JAM));

        assertThat(orders.list("ann", 2)).extracting(Order::id).containsExactly("c", "b");
        assertThat(orders.list("unknown", 2)).isEmpty();
    }

    @Test
    void an_order_is_packed_and_then_shipped() {
        orders.place(new NewOrder("42", "ann", TEA_AND_JAM));

        assertThat(orders.track("42").stage()).isEqualTo(Tracking.Stage.PLACED);
        now.updateAndGet(t -> t.plus(Duration.ofSeconds(10)));
        assertThat(orders.track("42").stage()).isEqualTo(Tracking.Stage.PACKED);
        now.updateAndGet(t -> t.plus(Duration.ofSeconds(20)));
        assertThat(orders.track("42").stage()).isEqualTo(Tracking.Stage.SHIPPED);
    }

    @Test
    void invalid_requests_are_rejected_with_a_reason() {
        rejected(Code.NOT_FOUND, "no order 7", () -> orders.get("7"));
        rejected(
                Code.NOT_FOUND,
                "does not sell gold",
                () -> orders.place(new NewOrder("1", "ann", List.of(new Line("gold", 1)))));
        rejected(Code.INVALID_ARGUMENT, "has 0 lines", () -> orders.place(new NewOrder("1", "ann", List.of())));
        rejected(
                Code.INVALID_ARGUMENT,
                "quantity of tea is 0",
                () -> orders.place(new NewOrder("1", "ann", List.of(new Line("tea", 0)))));
        rejected(
                Code.INVALID_ARGUMENT,
                "two lines",
                () -> orders.place(new NewOrder("1", "ann", List.of(new Line("tea", 1), new Line("tea", 1)))));
        rejected(Code.INVALID_ARGUMENT, "limit is 101", () -> orders.list("ann", 101));
        rejected(Code.INVALID_ARGUMENT, "amount is 0", () -> payments.charge("1", "ann", 0));
    }

    @Test
    void calls_are_unavailable_without_the_database() {
        server.close();

        rejected(Code.UNAVAILABLE, "the database failed", () -> orders.get("42"));
    }

    @Test
    void the_next_version_has_all_operations_of_the_first() {
        ServiceContract before = ServiceContract.of(Orders.class);
        ServiceContract after = ServiceContract.of(TrackedOrders.class);

        assertThat(after.name()).isEqualTo(before.name());
        assertThat(after.version()).isGreaterThan(before.version());
        assertThat(after.operations()).containsAll(before.operations());
    }

    private static void rejected(Code code, String text, ThrowingCallable body) {
        assertThatThrownBy(body).isInstanceOfSatisfying(ServiceException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e).hasMessageContaining(text);
        });
    }
}
