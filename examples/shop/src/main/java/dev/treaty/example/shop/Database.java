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
 * The shop's database: an H2 database inside this process, or in one that {@link DatabaseServer} runs.
 *
 * <p>Two ways to use it, and the difference matters when a process is frozen or killed: a {@link #statement} is over
 * inside the database as soon as it arrived, so nobody ever waits for a lock of a client that stopped; a
 * {@link #transaction} holds its locks until its client says so. No work calls another service.
 */
final class Database implements AutoCloseable {
    /** The most connections at a time. */
    static final int CONNECTIONS_MAX = 8;

    /** How long to wait for a connection when all are busy. */
    static final long CONNECTION_TIMEOUT_MILLIS = 1_000;

    /** How long to wait for the first connection; everything starts at the same time. */
    static final long START_TIMEOUT_MILLIS = 20_000;

    /** How often a definition is tried. */
    static final int DEFINE_ATTEMPTS_MAX = 5;

    /** How long a statement waits for a row that another transaction has locked. */
    static final long LOCK_TIMEOUT_MILLIS = 1_000;

    private final HikariDataSource source;

    private Database(HikariDataSource source) {
        this.source = source;
    }

    /**
     * Opens the database at a JDBC URL of H2, such as {@code jdbc:h2:mem:shop}.
     *
     * @throws IllegalArgumentException where it cannot be reached for a while
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

    /** What is done with a connection. */
    @FunctionalInterface
    interface Work<T> {
        T with(Connection connection) throws SQLException;
    }

    /**
     * Creates what is not there yet. Several processes do it at the same time, and {@code IF NOT EXISTS} does not keep
     * them apart: who comes second sees that it exists after all, and looks again.
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

    /** How it feels, for the services that are nothing without it. */
    ServiceHealth health(Instant now) {
        try {
            return statement(connection -> connection.isValid(1))
                    ? ServiceHealth.of(Status.PASSING, now)
                    : new ServiceHealth(Status.CRITICAL, "the database does not answer", now, Map.of());
        } catch (ServiceException e) {
            return new ServiceHealth(Status.CRITICAL, "the database cannot be reached", now, Map.of());
        }
    }

    /** Runs work in which every statement is a transaction of its own. */
    <T> T statement(Work<T> work) {
        try (Connection connection = source.getConnection()) {
            return work.with(connection);
        } catch (SQLException e) {
            throw unavailable(e);
        }
    }

    /** Runs work as one transaction: all of it counts, or, where it throws, nothing. */
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
     * Runs work that inserts rows under a key, as one transaction.
     *
     * @return nothing where another transaction has inserted the same key in the meantime
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

    /** Trying again may work, here or in another process; the caller learns nothing of the database's own text. */
    private static ServiceException unavailable(SQLException cause) {
        var fault = new ServiceException(Code.UNAVAILABLE, "the database did not do it (" + cause.getSQLState() + ")");
        fault.initCause(cause);
        return fault;
    }

    @Override
    public void close() {
        source.close();
    }
}
