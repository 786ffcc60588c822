package dev.treaty.http.server;

import dev.treaty.core.time.Time;
import dev.treaty.http.HttpServerOptions;

/** What all connections of a server share. */
record ServerParts(
        HttpServerOptions options,
        Application application,
        BodyBudget budget,
        HttpDate date,
        Cors cors,
        TrustedProxies proxies,
        Time time) {}
