package dev.treaty.security;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.Events;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.time.Time;
import dev.treaty.security.keys.OidcProvider;
import dev.treaty.security.keys.RenewedToken;
import dev.treaty.security.keys.TokenFile;
import dev.treaty.security.keys.WebReader;
import dev.treaty.security.token.InvalidTokenException;
import dev.treaty.security.token.ParsedToken;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Where the tokens come from that a client sends. The same token is sent to every service. */
public final class TokenSources {
    private static final String AUDIENCE = TokenProtocol.NAME;

    private final Time time;
    private final Events events;
    private final RandomGenerator random;

    /**
     * Creates sources.
     *
     * @param events receives failures of threads
     * @param random for the moments at which tokens are replaced
     */
    public TokenSources(Time time, Events events, RandomGenerator random) {
        this.time = time;
        this.events = events;
        this.random = random;
    }

    /** A token source whose thread ends when it is closed. */
    public interface Renewing extends TokenSource, AutoCloseable {
        @Override
        void close();
    }

    /** A token or an API key that never changes. */
    public static TokenSource fixed(String token) {
        return _ -> Optional.of(token);
    }

    /**
     * The token or API key in a file, which is read again when it changes. The token before is used while it cannot be
     * read.
     */
    public TokenSource file(Path file) {
        return new TokenFile(file, time);
    }

    /**
     * Access tokens of a provider of OpenID Connect, for a client's own credentials (RFC 6749, section 4.4).
     *
     * @param issuer its issuer URL; {@code https}, or {@code http} on loopback
     * @param secretFile the file with the client's secret, which is read for each token
     * @param scope the scope to ask for; empty for none
     * @throws IllegalArgumentException if the address is not safe
     */
    public Renewing oidcClientCredentials(URI issuer, String clientId, Path secretFile, String scope) {
        var provider = new OidcProvider(issuer, Optional.empty(), new WebReader());
        return renewing(_ -> {
            Instant asked = time.instant();
            return provider.grant(clientId, TokenFile.content(secretFile), scope, asked);
        });
    }

    /**
     * Tokens of Treaty's own service, each made from the one before by refreshing.
     *
     * @param client a client of the service
     * @param initial the first token, and again when refreshing is no longer possible
     */
    public Renewing treaty(TokenProtocol client, TokenSource initial) {
        return renewing(before -> {
            if (before.isPresent()) {
                try {
                    return fresh(client.refresh(before.get()));
                } catch (ServiceException e) {
                    if (e.code() != Code.UNAUTHENTICATED) {
                        throw e;
                    }
                }
            }
            String first = initial.token(AUDIENCE)
                    .filter(token -> before.isEmpty() || !token.equals(before.get()))
                    .orElseThrow(() -> new IOException("there is no other first token"));
            return new RenewedToken.Fresh(first, expiry(first));
        });
    }

    private static RenewedToken.Fresh fresh(TokenProtocol.Issued issued) {
        return new RenewedToken.Fresh(issued.token(), issued.expiresAt());
    }

    /** Returns when a token says that it ends. */
    private Instant expiry(String token) throws IOException {
        try {
            Object end = ParsedToken.parse(token).claims().get("exp");
            if (end instanceof Number seconds) {
                Instant expiry = Instant.ofEpochSecond(seconds.longValue());
                if (Duration.between(time.instant(), expiry).isPositive()) {
                    return expiry;
                }
            }
        } catch (InvalidTokenException e) {
            // reported below
        }
        throw new IOException("the first token has expired, or is no signed token");
    }

    private Renewing renewing(RenewedToken.Origin origin) {
        var token = new RenewedToken(origin, time, events, random);
        return new Renewing() {
            @Override
            public Optional<String> token(String audience) throws InterruptedException {
                return token.token(audience);
            }

            @Override
            public Optional<String> replace(String audience, String refused) throws InterruptedException {
                return token.replace(audience, refused);
            }

            @Override
            public void close() {
                token.close();
            }
        };
    }
}
