package dev.treaty;

import dev.treaty.config.ClientSettings;
import dev.treaty.config.ServerSettings;
import dev.treaty.core.call.Server;
import dev.treaty.core.call.Transport;
import dev.treaty.core.time.RandomSource;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServer;
import dev.treaty.http.HttpServerOptions;
import dev.treaty.http.HttpTransport;
import dev.treaty.http.HttpTransportOptions;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * What Treaty stands on: time, chance and the network. Production has {@link #system()}; a simulation passes its own,
 * and everything above is the same code.
 *
 * @param time clocks and timed waits
 * @param chance for balancing and jitter
 * @param secrets for tokens that others must not guess
 * @param transport how calls leave this process
 * @param server how calls come in, opened once a service is served
 */
public record Platform(
        Time time,
        RandomGenerator chance,
        RandomGenerator secrets,
        Function<ClientSettings, Transport> transport,
        Function<ServerSettings, Server> server) {

    /** The machine's own: its clocks, its chance, and HTTP. */
    public static Platform system() {
        Time time = Time.system();
        return new Platform(
                time,
                RandomSource.system(),
                RandomSource.secure(),
                client -> new HttpTransport(
                        new HttpTransportOptions(
                                client.connectionsMax(),
                                client.idleConnectionsMax(),
                                HttpTransportOptions.STANDARD.idleLifetime(),
                                client.connectTimeout(),
                                client.bodyBytesMax()),
                        time),
                server -> new HttpServer(
                        HttpServerOptions.STANDARD
                                .at(server.host(), server.port())
                                .bodyBytesMax(server.bodyBytesMax()),
                        time,
                        RandomSource.system()));
    }
}
