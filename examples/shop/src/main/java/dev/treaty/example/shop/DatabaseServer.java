package dev.treaty.example.shop;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.h2.jdbcx.JdbcDataSource;
import org.h2.tools.Server;

/**
 * Lets several processes share one H2 database. It listens on the loopback address only, and the database is in
 * memory: what happens in a demonstration is gone with it.
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
     * @param user who may use the database, with all rights
     * @param password their password
     * @throws SQLException where no port is free
     */
    static DatabaseServer start(String user, String password) throws SQLException {
        System.setProperty("h2.bindAddress", "127.0.0.1"); // read once, when the first server starts
        var database = new JdbcDataSource();
        database.setURL("jdbc:h2:" + NAME + ";DB_CLOSE_DELAY=-1");
        database.setUser(user);
        database.setPassword(password);
        database.getConnection().close(); // creates it: clients of the server may not
        return new DatabaseServer(
                database, Server.createTcpServer("-tcpPort", "0", "-tcpDaemon").start());
    }

    /** What to give to {@link Database#open}. */
    String url() {
        return "jdbc:h2:tcp://127.0.0.1:" + server.getPort() + "/" + NAME;
    }

    /** Ends the connections and drops the database. Closing twice does nothing. */
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
