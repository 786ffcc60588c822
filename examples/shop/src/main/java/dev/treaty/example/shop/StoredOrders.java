package dev.treaty.example.shop;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.health.HealthSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Stores the orders in a database. An order is placed in three steps, each of which may be repeated: reserve the goods,
 * charge the customer, and insert the order, which completes it. No transaction is open while a service is called.
 */
final class StoredOrders implements TrackedOrders, HealthSource {
    private static final Duration PACKING = Duration.ofSeconds(10);
    private static final Duration SHIPPING = Duration.ofSeconds(30);

    private final Database database;
    private final Inventory inventory;
    private final Payments payments;
    private final InstantSource clock;

    StoredOrders(Database database, Inventory inventory, Payments payments, InstantSource clock) {
        this.database = database;
        this.inventory = inventory;
        this.payments = payments;
        this.clock = clock;
        database.define("""
            CREATE TABLE IF NOT EXISTS orders (
                id VARCHAR(64) PRIMARY KEY,
                customer VARCHAR(64) NOT NULL,
                total_cents BIGINT NOT NULL,
                payment_id VARCHAR(64) NOT NULL,
                placed_at TIMESTAMP(6) WITH TIME ZONE NOT NULL)\
            """, """
            CREATE TABLE IF NOT EXISTS order_lines (
                order_id VARCHAR(64) NOT NULL REFERENCES orders(id),
                position INT NOT NULL,
                product VARCHAR(64) NOT NULL,
                quantity INT NOT NULL,
                PRIMARY KEY (order_id, position))\
            """, "CREATE INDEX IF NOT EXISTS orders_of_customer ON orders (customer, placed_at DESC)");
    }

    @Override
    public Order place(NewOrder order) {
        Checks.id("order", order.id());
        Checks.id("customer", order.customer());
        Checks.lines(order.lines());
        Optional<Order> placed = find(order.id());
        if (placed.isPresent()) {
            return same(order, placed.get());
        }
        Reservation reservation = inventory.reserve(order.id(), order.lines());
        Receipt receipt = payments.charge(order.id(), order.customer(), reservation.totalCents());
        var result = new Order(
                order.id(), order.customer(), order.lines(), reservation.totalCents(), receipt.paymentId(), now());
        return database.insertion(connection -> insert(connection, result))
                .orElseGet(() -> same(order, get(order.id())));
    }

    /** Rounded to the precision of the column, so that a stored order equals the returned one. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static Order same(NewOrder wanted, Order placed) {
        if (!placed.customer().equals(wanted.customer()) || !placed.lines().equals(wanted.lines())) {
            throw new ServiceException(
                    Code.ALREADY_EXISTS, "order " + wanted.id() + " was placed with other contents: choose another id");
        }
        return placed;
    }

    private static Order insert(Connection connection, Order order) throws SQLException {
        try (PreparedStatement row = connection.prepareStatement("INSERT INTO orders VALUES (?, ?, ?, ?, ?)");
                PreparedStatement line = connection.prepareStatement("INSERT INTO order_lines VALUES (?, ?, ?, ?)")) {
            row.setString(1, order.id());
            row.setString(2, order.customer());
            row.setLong(3, order.totalCents());
            row.setString(4, order.paymentId());
            row.setObject(5, order.placedAt().atOffset(ZoneOffset.UTC));
            row.executeUpdate();
            for (int i = 0; i < order.lines().size(); i++) {
                line.setString(1, order.id());
                line.setInt(2, i);
                line.setString(3, order.lines().get(i).product());
                line.setInt(4, order.lines().get(i).quantity());
                line.addBatch();
            }
            line.executeBatch();
            return order;
        }
    }

    @Override
    public Order get(String id) {
        return find(id).orElseThrow(() -> new ServiceException(Code.NOT_FOUND, "there is no order " + id));
    }

    private Optional<Order> find(String id) {
        return read("""
            SELECT o.id, o.customer, o.total_cents, o.payment_id, o.placed_at, l.product, l.quantity
            FROM orders o JOIN order_lines l ON l.order_id = o.id
            WHERE o.id = ? ORDER BY l.position\
            """, query -> query.setString(1, id)).stream().findFirst();
    }

    @Override
    public List<Order> list(String customer, int limit) {
        if (limit < 1 || limit > LIST_MAX) {
            throw new ServiceException(Code.INVALID_ARGUMENT, "limit is " + limit + ": use 1 to " + LIST_MAX);
        }
        return read("""
            SELECT o.id, o.customer, o.total_cents, o.payment_id, o.placed_at, l.product, l.quantity
            FROM (SELECT * FROM orders WHERE customer = ? ORDER BY placed_at DESC, id LIMIT ?) o
            JOIN order_lines l ON l.order_id = o.id
            ORDER BY o.placed_at DESC, o.id, l.position\
            """, query -> {
            query.setString(1, customer);
            query.setInt(2, limit);
        });
    }

    @Override
    public Tracking track(String id) {
        Order order = get(id);
        Duration age = Duration.between(order.placedAt(), clock.instant());
        if (age.compareTo(SHIPPING) >= 0) {
            return new Tracking(id, Tracking.Stage.SHIPPED, order.placedAt().plus(SHIPPING));
        }
        return age.compareTo(PACKING) >= 0
                ? new Tracking(id, Tracking.Stage.PACKED, order.placedAt().plus(PACKING))
                : new Tracking(id, Tracking.Stage.PLACED, order.placedAt());
    }

    @FunctionalInterface
    private interface Parameters {
        void set(PreparedStatement query) throws SQLException;
    }

    /** Reads orders with their lines from the rows of a query, one row per line. */
    private List<Order> read(String sql, Parameters parameters) {
        return database.statement(connection -> {
            try (PreparedStatement query = connection.prepareStatement(sql)) {
                parameters.set(query);
                try (ResultSet rows = query.executeQuery()) {
                    return orders(rows);
                }
            }
        });
    }

    private static List<Order> orders(ResultSet rows) throws SQLException {
        Map<String, Order> orders = new LinkedHashMap<>();
        while (rows.next()) {
            Order order = orders.get(rows.getString(1));
            if (order == null) {
                order = new Order(
                        rows.getString(1),
                        rows.getString(2),
                        new ArrayList<>(),
                        rows.getLong(3),
                        rows.getString(4),
                        rows.getObject(5, OffsetDateTime.class).toInstant());
                orders.put(order.id(), order);
            }
            order.lines().add(new Line(rows.getString(6), rows.getInt(7)));
        }
        return List.copyOf(orders.values());
    }

    @Override
    public ServiceHealth health() {
        return database.health(clock.instant());
    }
}
