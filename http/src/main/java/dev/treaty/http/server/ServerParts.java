package dev.treaty.http.server;

import dev.treaty.core.security.TransportSecurity;
import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServerOptions;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of a server share.
 *
 * @param options what stays while the server runs; the rest of them is outdated once it has changed
 * @param tls null if connections are not encrypted
 * @param rules what may change while the server runs
 */
record ServerParts(
        HttpServerOptions options,
        @Nullable TransportSecurity tls,
        AtomicReference<Rules> rules,
        Application application,
        BodyBudget budget,
        PendingChecks checks,
        HttpDate date,
        Time time) {
    /** What applies to a request from its head to its response. */
    record Rules(int bodyBytesMax, Cors cors, TrustedProxies proxies) {
        static Rules of(HttpServerOptions options) {
            return new Rules(
                    options.bodyBytesMax(), new Cors(options.origins()), new TrustedProxies(options.trustedProxies()));
        }
    }
}
