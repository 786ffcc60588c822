package dev.treaty;

import dev.treaty.config.ClientSettings;
import dev.treaty.config.ServerSettings;
import dev.treaty.core.call.Server;
import dev.treaty.core.call.Transport;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.ProcessSecurity;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.http.HttpTransport;
import dev.treaty.http.HttpTransportOptions;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * The clock, random numbers, network and process exit that Treaty uses. Production uses {@link #system()}; tests pass
 * other ones to the same code.
 *
 * @param time clocks and timed waits
 * @param random random numbers for balancing and jitter
 * @param secrets random numbers for tokens that must not be guessable
 * @param transport creates the client side of the network
 * @param server creates the server side of the network, with the first served service
 * @param onExit registers an action for the exit of the process and returns an action that removes it
 */
public record Platform(
        Time time,
        RandomGenerator random,
        RandomGenerator secrets,
        BiFunction<ClientSettings, ProcessSecurity, Transport> transport,
        BiFunction<ServerSettings, ProcessSecurity, Server> server,
        Function<Runnable, Runnable> onExit) {

    /** The machine's clocks, random numbers, HTTP, and JVM shutdown hooks. */
    public static Platform system() {
        Time time = Time.system();
        return new Platform(
                time,
                RandomSource.system(),
                RandomSource.secure(),
                (client, security) -> new HttpTransport(
                        new HttpTransportOptions(
                                client.connectionsMax(),
                                client.idleConnectionsMax(),
                                HttpTransportOptions.STANDARD.idleLifetime(),
                                client.connectTimeout(),
                                client.bodyBytesMax()),
                        security.tls().orElse(null),
                        security.tokens(),
                        time),
                (server, security) -> new HttpServer(
                        HttpServerOptions.STANDARD
                                .at(server.host(), server.port())
                                .bodyBytesMax(server.bodyBytesMax())
                                .origins(server.cors().origins())
                                .trustedProxies(server.trustedProxies()),
                        security.tls().orElse(null),
                        security.access(),
                        time,
                        RandomSource.system()),
                Platform::addShutdownHook);
    }

    private static Runnable addShutdownHook(Runnable action) {
        Thread hook = BackgroundThread.platformOnce("treaty-exit", Events.NONE, action::run);
        unlessExiting(() -> Runtime.getRuntime().addShutdownHook(hook));
        return () -> unlessExiting(() -> Runtime.getRuntime().removeShutdownHook(hook));
    }

    private static void unlessExiting(Runnable change) {
        try {
            change.run();
        } catch (IllegalStateException e) {
            // The JVM is shutting down: hooks can be neither added nor removed any more.
        }
    }
}
