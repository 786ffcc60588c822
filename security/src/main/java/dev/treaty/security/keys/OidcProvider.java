package dev.treaty.security.keys;

import dev.treaty.codec.Json;
import dev.treaty.security.token.VerificationKey;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A provider of OpenID Connect, as its discovery document describes it. What the document names must have the origin of
 * the issuer, so that a document cannot direct requests elsewhere.
 */
public final class OidcProvider {
    private static final Duration LIFETIME = Duration.ofMinutes(5);

    private final URI issuer;
    private final Optional<URI> jwks;
    private final WebReader web;

    /** @param jwks where its keys are; found by discovery if absent */
    public OidcProvider(URI issuer, Optional<URI> jwks, WebReader web) {
        this.issuer = SafeAddress.check(issuer);
        this.jwks = jwks;
        this.web = web;
    }

    /** Returns where its keys are, if that is configured. */
    Optional<URI> jwks() {
        return jwks;
    }

    /**
     * Reads its keys.
     *
     * @throws IOException if they cannot be read
     */
    List<VerificationKey> readKeys() throws IOException, InterruptedException {
        URI address = jwks.isPresent() ? jwks.get() : discover("jwks_uri");
        try {
            List<VerificationKey> keys = VerificationKey.readAll(Json.text(web.get(address)));
            if (keys.isEmpty()) {
                throw new IOException("it has no key that verifies tokens");
            }
            return keys;
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /**
     * Obtains an access token for a client's own credentials (RFC 6749, section 4.4).
     *
     * @param scope empty for none
     * @param now from when on the lifetime of the token counts
     * @throws IOException if it grants none
     */
    public RenewedToken.Fresh grant(String clientId, String secret, String scope, Instant now)
            throws IOException, InterruptedException {
        String user = form(clientId) + ":" + form(secret);
        String answer = "grant_type=client_credentials" + (scope.isEmpty() ? "" : "&scope=" + form(scope));
        Map<?, ?> granted = web.post(
                discover("token_endpoint"),
                answer,
                "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
        if (!(granted.get("access_token") instanceof String token) || token.isEmpty()) {
            throw new IOException("it grants no access token");
        }
        Duration lifetime = granted.get("expires_in") instanceof Integer seconds && seconds > 0
                ? Duration.ofSeconds(seconds)
                : LIFETIME;
        return new RenewedToken.Fresh(token, now.plus(lifetime));
    }

    private static String form(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private URI discover(String name) throws IOException, InterruptedException {
        String base = issuer.toString();
        String start = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
        Map<?, ?> document = web.get(URI.create(start + "/.well-known/openid-configuration"));
        if (!base.equals(document.get("issuer"))) {
            throw new IOException("its discovery document is that of another issuer");
        }
        if (document.get(name) instanceof String text) {
            try {
                URI address = SafeAddress.check(URI.create(text));
                if (SafeAddress.sameOrigin(issuer, address)) {
                    return address;
                }
            } catch (IllegalArgumentException e) {
                throw new IOException("its " + name + " is not safe", e);
            }
        }
        throw new IOException("its " + name + " has not the origin of the issuer: configure the address of its keys");
    }
}
