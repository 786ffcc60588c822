package dev.treaty.example.shop;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.h2.jdbcx.JdbcDataSource;
import org.h2.tools.Server;

/**
 * Serves an H2 database in memory to several processes. It listens on the loopback address only, and its data is lost
 * when it is closed.
 */
final class DatabaseServer implements AutoCloseable {
    private static final String NAME = "mem:shop";

    private final JdbcDataSource database;
    private final Server server;

    private DatabaseServer(JdbcDataSource database, Server server) {
        this.database = database;
        this.server = server;
    }

    /**
     * Starts the server on a free port.
     *
     * @param user the name of the database's only user
     * @param password the user's password
     * @throws SQLException if no port is free
     */
    static DatabaseServer start(String user, String password) throws SQLException {
        System.setProperty("h2.bindAddress", "127.0.0.1"); // read once, when the first server starts
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:" + NAME + ";DB_CLOSE_DELAY=-1");
        database.setUser(user);
        database.setPassword(password);
        database.getConnection().close(); // creates the database, which clients of the server cannot
        return new DatabaseServer(
                database, Server.createTcpServer("-tcpPort", "0", "-tcpDaemon").start());
    }

    /** Returns the URL for {@link Database#open}. */
    String url() {
        return "jdbc:h2:tcp://127.0.0.1:" + server.getPort() + "/" + NAME;
    }

    /** Closes the connections and drops the database. Closing twice has no effect. */
    @Override
    public void close() {
        if (!server.isRunning(false)) {
            return;
        }
        server.stop();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("SHUTDOWN IMMEDIATELY");
        } catch (SQLException e) {
            throw new IllegalStateException("the database cannot be shut down", e);
        }
    }
}
