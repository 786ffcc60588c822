package dev.treaty.example.shop;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.health.HealthSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Keeps the stock in a database, which all instances share. */
final class StoredInventory implements Inventory, HealthSource {
    /** The quantity of each product in a new database. */
    static final int STOCK = 1_000_000;

    private final Database database;
    private final InstantSource clock;

    StoredInventory(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
        database.define(
                """
                CREATE TABLE IF NOT EXISTS stock (
                    product VARCHAR(64) PRIMARY KEY,
                    price_cents BIGINT NOT NULL,
                    available INT NOT NULL)\
                """,
                "CREATE TABLE IF NOT EXISTS reservations (order_id VARCHAR(64) PRIMARY KEY, total_cents BIGINT NOT"
                        + " NULL)");
        database.insertion(StoredInventory::fill); // unless another process has filled it meanwhile
    }

    private static int fill(Connection connection) throws SQLException {
        String sql = """
            MERGE INTO stock s USING (VALUES (?, ?, ?)) n(product, price, available) ON s.product = n.product
            WHEN NOT MATCHED THEN INSERT VALUES (n.product, n.price, n.available)\
            """;
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (Product product : Catalogue.PRODUCTS) {
                statement.setString(1, product.id());
                statement.setLong(2, product.priceCents());
                statement.setInt(3, STOCK);
                statement.addBatch();
            }
            return statement.executeBatch().length;
        }
    }

    @Override
    public Reservation reserve(String orderId, List<Line> lines) {
        Checks.id("order", orderId);
        Checks.lines(lines);
        return find(orderId)
                .or(() -> database.insertion(connection -> reserve(connection, orderId, lines)))
                .or(() -> find(orderId)) // another instance has reserved it meanwhile
                .orElseThrow(() -> new ServiceException(Code.ABORTED, "order " + orderId + " changes: try again"));
    }

    private static Reservation reserve(Connection connection, String orderId, List<Line> lines) throws SQLException {
        long totalCents = 0;
        // Sorted, so that two orders of the same goods cannot deadlock.
        for (Line line :
                lines.stream().sorted(Comparator.comparing(Line::product)).toList()) {
            totalCents += line.quantity() * take(connection, line);
        }
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO reservations VALUES (?, ?)")) {
            insert.setString(1, orderId);
            insert.setLong(2, totalCents);
            insert.executeUpdate();
            return new Reservation(orderId, totalCents);
        }
    }

    /** Takes the goods of a line from the stock and returns the price of one. */
    private static long take(Connection connection, Line line) throws SQLException {
        String sql = """
            SELECT price_cents FROM FINAL TABLE (
                UPDATE stock SET available = available - ? WHERE product = ? AND available >= ?)\
            """;
        try (PreparedStatement update = connection.prepareStatement(sql)) {
            update.setInt(1, line.quantity());
            update.setString(2, line.product());
            update.setInt(3, line.quantity());
            try (ResultSet row = update.executeQuery()) {
                if (row.next()) {
                    return row.getLong(1);
                }
            }
        }
        int left = available(connection, line.product());
        throw new ServiceException(
                Code.FAILED_PRECONDITION,
                "only " + left + " of " + line.product() + " are left, not " + line.quantity());
    }

    @Override
    public int stock(String product) {
        return database.statement(connection -> available(connection, product));
    }

    private static int available(Connection connection, String product) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("SELECT available FROM stock WHERE product = ?")) {
            query.setString(1, product);
            try (ResultSet row = query.executeQuery()) {
                if (!row.next()) {
                    throw new ServiceException(Code.NOT_FOUND, "the shop does not sell " + product);
                }
                return row.getInt(1);
            }
        }
    }

    private Optional<Reservation> find(String orderId) {
        return database.statement(connection -> {
            String sql = "SELECT total_cents FROM reservations WHERE order_id = ?";
            try (PreparedStatement query = connection.prepareStatement(sql)) {
                query.setString(1, orderId);
                try (ResultSet row = query.executeQuery()) {
                    return row.next() ? Optional.of(new Reservation(orderId, row.getLong(1))) : Optional.empty();
                }
            }
        });
    }

    @Override
    public ServiceHealth health() {
        return database.health(clock.instant());
    }
}
