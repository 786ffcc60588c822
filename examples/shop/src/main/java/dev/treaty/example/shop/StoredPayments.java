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
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.h2.api.ErrorCode;

/**
 * Stores the receipts in a database. Each step is a single statement, so an instance that freezes between two steps
 * holds no locks.
 */
final class StoredPayments implements Payments, HealthSource {
    static final int RECEIPTS_MAX = 100;

    private final Database database;
    private final InstantSource clock;

    StoredPayments(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
        database.define("""
            CREATE TABLE IF NOT EXISTS receipts (
                payment_id VARCHAR(64) PRIMARY KEY,
                customer VARCHAR(64) NOT NULL,
                amount_cents BIGINT NOT NULL,
                charged_at TIMESTAMP(6) WITH TIME ZONE NOT NULL)\
            """, "CREATE INDEX IF NOT EXISTS receipts_of_customer ON receipts (customer, charged_at DESC)");
    }

    @Override
    public Receipt charge(String paymentId, String customer, long amountCents) {
        Checks.id("payment", paymentId);
        Checks.id("customer", customer);
        if (amountCents < 1) {
            throw Checks.invalid("the amount is " + amountCents + " cents: use 1 or more");
        }
        Receipt receipt = database.statement(connection -> {
            insert(connection, paymentId, customer, amountCents);
            return read(connection, "WHERE payment_id = ?", paymentId).getFirst();
        });
        if (!receipt.customer().equals(customer) || receipt.amountCents() != amountCents) {
            throw new ServiceException(
                    Code.ALREADY_EXISTS,
                    "payment " + paymentId + " was made by another customer or of another amount: choose another id");
        }
        return receipt;
    }

    /** Inserts the receipt unless one with the same id exists. */
    private void insert(Connection connection, String paymentId, String customer, long amountCents)
            throws SQLException {
        String sql = """
            MERGE INTO receipts r USING (VALUES (?, ?, ?, ?)) n(id, customer, amount, at) ON r.payment_id = n.id
            WHEN NOT MATCHED THEN INSERT VALUES (n.id, n.customer, n.amount, n.at)\
            """;
        try (PreparedStatement merge = connection.prepareStatement(sql)) {
            merge.setString(1, paymentId);
            merge.setString(2, customer);
            merge.setLong(3, amountCents);
            merge.setObject(4, clock.instant().atOffset(ZoneOffset.UTC));
            merge.executeUpdate();
        } catch (SQLException e) {
            if (e.getErrorCode() != ErrorCode.DUPLICATE_KEY_1) { // another instance may have inserted it meanwhile
                throw e;
            }
        }
    }

    @Override
    public List<Receipt> receipts(String customer) {
        String rest = "WHERE customer = ? ORDER BY charged_at DESC LIMIT " + RECEIPTS_MAX;
        return database.statement(connection -> read(connection, rest, customer));
    }

    private static List<Receipt> read(Connection connection, String rest, String key) throws SQLException {
        String sql = "SELECT payment_id, customer, amount_cents, charged_at FROM receipts " + rest;
        try (PreparedStatement query = connection.prepareStatement(sql)) {
            query.setString(1, key);
            try (ResultSet rows = query.executeQuery()) {
                var receipts = new ArrayList<Receipt>();
                while (rows.next()) {
                    receipts.add(new Receipt(
                            rows.getString(1),
                            rows.getString(2),
                            rows.getLong(3),
                            rows.getObject(4, OffsetDateTime.class).toInstant()));
                }
                return receipts;
            }
        }
    }

    @Override
    public ServiceHealth health() {
        return database.health(clock.instant());
    }
}
