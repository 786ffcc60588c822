package dev.treaty.example.shop;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool.PoolInitializationException;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.h2.api.ErrorCode;
import org.h2.jdbcx.JdbcDataSource;

/**
 * The shop's database: H2 in this process, or the one that a {@link DatabaseServer} runs.
 *
 * <p>If a process freezes, a {@link #statement} holds no locks, because it has been completed in the database, but a
 * {@link #transaction} holds its locks until the process commits or ends. No transaction calls another service.
 */
final class Database implements AutoCloseable {
    static final int CONNECTIONS_MAX = 8;

    static final long CONNECTION_TIMEOUT_MILLIS = 1_000;

    /** How long to wait for the first connection, since the server may still start. */
    static final long START_TIMEOUT_MILLIS = 20_000;

    /** The most attempts to create a table. */
    static final int DEFINE_ATTEMPTS_MAX = 5;

    /** How long a statement waits for a locked row. */
    static final long LOCK_TIMEOUT_MILLIS = 1_000;

    private final HikariDataSource source;

    private Database(HikariDataSource source) {
        this.source = source;
    }

    /**
     * Opens the database at a JDBC URL of H2, such as {@code jdbc:h2:mem:shop}.
     *
     * @throws IllegalArgumentException if the database cannot be reached in time
     */
    static Database open(String url, String user, String password) {
        var h2 = new JdbcDataSource();
        h2.setURL(url + ";LOCK_TIMEOUT=" + LOCK_TIMEOUT_MILLIS);
        h2.setUser(user);
        h2.setPassword(password);
        var pool = new HikariConfig();
        pool.setPoolName("shop");
        pool.setDataSource(h2);
        pool.setMaximumPoolSize(CONNECTIONS_MAX);
        pool.setConnectionTimeout(CONNECTION_TIMEOUT_MILLIS);
        pool.setInitializationFailTimeout(START_TIMEOUT_MILLIS);
        try {
            return new Database(new HikariDataSource(pool));
        } catch (PoolInitializationException e) {
            throw new IllegalArgumentException("the database at " + url + " cannot be opened: " + e.getMessage(), e);
        }
    }

    /** Work on a connection. */
    @FunctionalInterface
    interface Work<T> {
        T with(Connection connection) throws SQLException;
    }

    /**
     * Creates tables and indexes that do not exist. Several processes may do this at the same time, in which {@code IF
     * NOT EXISTS} can fail, and succeeds when repeated.
     */
    void define(String... definitions) {
        statement(connection -> {
            try (Statement statement = connection.createStatement()) {
                for (String definition : definitions) {
                    define(statement, definition);
                }
                return true;
            }
        });
    }

    private static void define(Statement statement, String definition) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try {
                statement.execute(definition);
                return;
            } catch (SQLException e) {
                if (attempt == DEFINE_ATTEMPTS_MAX) {
                    throw e;
                }
            }
        }
    }

    /** Reports the health of the database, for services that depend on it. */
    ServiceHealth health(Instant now) {
        try {
            return statement(connection -> connection.isValid(1))
                    ? ServiceHealth.of(Status.PASSING, now)
                    : new ServiceHealth(Status.CRITICAL, "the database does not answer", now, Map.of());
        } catch (ServiceException e) {
            return new ServiceHealth(Status.CRITICAL, "the database cannot be reached", now, Map.of());
        }
    }

    /** Runs work in which each statement is a separate transaction. */
    <T> T statement(Work<T> work) {
        try (Connection connection = source.getConnection()) {
            return work.with(connection);
        } catch (SQLException e) {
            throw unavailable(e);
        }
    }

    /** Runs work as one transaction, which is rolled back if the work throws. */
    <T> T transaction(Work<T> work) {
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            try {
                T result = work.with(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException e) {
                connection.rollback();
                throw e;
            }
        } catch (SQLException e) {
            throw unavailable(e);
        }
    }

    /**
     * Runs work that inserts rows, as one transaction.
     *
     * @return nothing if a row with the same key exists, which another transaction may have inserted meanwhile
     */
    <T> Optional<T> insertion(Work<T> work) {
        try {
            return Optional.of(transaction(work));
        } catch (ServiceException e) {
            if (e.getCause() instanceof SQLException cause && cause.getErrorCode() == ErrorCode.DUPLICATE_KEY_1) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Returns a retryable fault, which does not disclose the message of the database. */
    private static ServiceException unavailable(SQLException cause) {
        var fault = new ServiceException(Code.UNAVAILABLE, "the database failed (" + cause.getSQLState() + ")");
        fault.initCause(cause);
        return fault;
    }

    @Override
    public void close() {
        source.close();
    }
}
