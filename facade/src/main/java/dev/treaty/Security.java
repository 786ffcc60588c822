package dev.treaty;

import dev.treaty.config.SecuritySettings;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.security.Decision;
import dev.treaty.core.security.ProcessSecurity;
import dev.treaty.core.security.Token;
import dev.treaty.core.security.TokenSource;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.text.PrintableText;
import dev.treaty.security.AccessRules;
import dev.treaty.security.TokenAuthenticator;
import dev.treaty.security.TokenFollower;
import dev.treaty.security.TokenPolicy;
import dev.treaty.security.TokenProtocol;
import dev.treaty.security.TokenSources;
import dev.treaty.security.tls.CertificateFiles;
import dev.treaty.security.tls.FileTransportSecurity;
import dev.treaty.security.tls.TlsPolicy;
import java.net.URI;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The security of a process: who calls it, and what a caller may do. Servers ask it before they read a call; programs
 * ask it about credentials that they have received otherwise.
 *
 * <pre>{@code
 * Token token = treaty.security().validate(text);
 * if (!treaty.security().authorize(token, "shop.Orders", "place").allowed()) { … }
 * }</pre>
 */
public final class Security {
    /**
     * What every process serves besides its services, and tokens may be for. Control is not: each process that receives
     * such a token could use it at all others, so that operators prove themselves by certificates there.
     */
    private static final Set<String> OWN = Set.of(Introspection.NAME);

    /** For how long what is revoked may be unknown before the health says so. */
    private static final Duration STALE = Duration.ofSeconds(30);

    private static final int REASON_LENGTH_MAX = 300;

    private final boolean on;
    private final SecuritySettings settings;
    private final RuntimeDependencies runtime;
    private final @Nullable FileTransportSecurity tls;
    private final TokenSource tokens;
    private final boolean exposed;
    private final Set<String> audiences = new HashSet<>(OWN); // guarded by this
    private volatile AccessRules rules;
    private @Nullable TokenFollower follower; // guarded by this
    private volatile @Nullable TokenAuthenticator authenticator;

    private Security(Settings settings, RuntimeDependencies runtime) {
        this.settings = settings.security();
        this.runtime = runtime;
        String host = settings.server().host();
        this.on = this.settings.on(host);
        this.exposed = !on && this.settings.insecure() && !AddressRange.isLoopback(host);
        this.rules = rules(this.settings);
        this.tls = on ? tls(host) : null;
        this.tokens = on ? tokens() : TokenSource.NONE;
    }

    /**
     * The security that settings describe.
     *
     * @throws IllegalArgumentException if security is on and its files are missing or wrong
     */
    static Security of(Settings settings, RuntimeDependencies runtime) {
        return new Security(settings, runtime);
    }

    private FileTransportSecurity tls(String host) {
        if (settings.authorities().isEmpty()) {
            throw new IllegalArgumentException((settings.enabled().isPresent()
                            ? "security.enabled is true"
                            : "security is on, because other machines reach server.host " + host)
                    + ", but security.authorities is not set: set it, with security.certificate and security.key"
                    + " (\"treaty certs init\" and \"treaty certs issue\" make them)"
                    + (settings.enabled().isPresent() ? "" : ", or security.insecure: true to run without security"));
        }
        var files = new CertificateFiles(
                settings.certificate().or(settings::keystore),
                settings.key(),
                settings.keystorePasswordFile(),
                List.of(settings.authorities().get()),
                settings.revocations().stream().toList());
        var policy = new TlsPolicy(
                files, Optional.of(settings.trustDomain()), settings.protocols().contains("TLSv1.2"));
        try {
            return FileTransportSecurity.start(
                    policy, (name, service) -> rules.mayServe(name, service), runtime.events(), runtime.time());
        } catch (CertificateException e) {
            throw new IllegalArgumentException("security: " + e.getMessage(), e);
        }
    }

    private TokenSource tokens() {
        var sources = new TokenSources(runtime.time(), runtime.events(), runtime.random());
        SecuritySettings.Client client = settings.client();
        return client.tokenFile()
                .map(sources::file)
                .or(() -> client.oidc()
                        .map(oidc -> sources.oidcClientCredentials(
                                URI.create(oidc.issuer()),
                                oidc.clientId(),
                                oidc.clientSecretFile(),
                                oidc.scope().orElse(""))))
                .orElse(TokenSource.NONE);
    }

    /** Leaves tokens out of calls of Treaty's own services: there, the certificate proves who calls. */
    private record ForServices(TokenSource source) implements TokenSource {
        @Override
        public Optional<String> token(String audience) throws InterruptedException {
            return audience.startsWith("treaty.") ? Optional.empty() : source.token(audience);
        }

        @Override
        public Optional<String> replace(String audience, String refused) throws InterruptedException {
            return source.replace(audience, refused);
        }
    }

    private AccessRules rules(SecuritySettings from) {
        return new AccessRules(from.access(), decision -> note(true, decision.reason()));
    }

    private void note(boolean problem, String message) {
        runtime.events().emit(new Event.SecurityNoticed(problem, PrintableText.line(message, REASON_LENGTH_MAX)));
    }

    /** Returns what protects the network of the process, for other servers in it. */
    public ProcessSecurity process() {
        if (!on) {
            return ProcessSecurity.OFF;
        }
        boolean certified = settings.certificate().or(settings::keystore).isPresent();
        return new ProcessSecurity(
                Optional.ofNullable(tls), certified ? new ForServices(tokens) : tokens, new Access());
    }

    /**
     * Starts to authenticate callers, in place of what has done so before.
     *
     * @param service a client of Treaty's own service of tokens; empty if the registry has none
     */
    synchronized void authenticate(Optional<TokenProtocol> service) {
        if (!on) {
            return;
        }
        close(authenticator);
        close(follower);
        Optional<TokenProtocol> own = service.filter(_ -> settings.tokens().treaty());
        follower = own.map(client ->
                        new TokenFollower(client, runtime.time(), runtime.events(), runtime.random()).started())
                .orElse(null);
        authenticator = new TokenAuthenticator(
                policy(own.isPresent()),
                Optional.ofNullable(follower),
                own,
                runtime.time(),
                runtime.events(),
                reason -> note(true, "credentials are refused: " + reason));
    }

    /** Accepts tokens for a service that this process serves. */
    synchronized void serves(ServiceName service) {
        TokenAuthenticator used = authenticator;
        if (audiences.add(service.value()) && used != null) {
            used.use(policy(follower != null));
        }
    }

    private TokenPolicy policy(boolean own) {
        List<TokenPolicy.Issuer> issuers = settings.tokens().issuers().entrySet().stream()
                .map(each -> issuer(each.getKey(), each.getValue()))
                .toList();
        return new TokenPolicy(issuers, own, audiences, TokenPolicy.CLOCK_SKEW, TokenPolicy.Limits.STANDARD);
    }

    private static TokenPolicy.Issuer issuer(String name, SecuritySettings.Issuer issuer) {
        return new TokenPolicy.Issuer(
                name,
                URI.create(issuer.issuer()),
                issuer.jwks().map(URI::create),
                Set.copyOf(issuer.algorithms()),
                Set.copyOf(issuer.audience()),
                issuer.subjectClaim(),
                issuer.rolesClaim());
    }

    /** Applies the rules of another generation of settings. */
    void apply(SecuritySettings changed) {
        if (!changed.access().equals(rules.policy())) {
            rules = rules(changed);
        }
    }

    /** Reports at the start of the server that other machines reach a process without security. */
    void reportExposure() {
        exposure().ifPresent(message -> note(true, message));
    }

    private Optional<String> exposure() {
        return exposed
                ? Optional.of("security is off (security.insecure: true), although other machines reach this process:"
                        + " who reaches it may do everything")
                : Optional.empty();
    }

    /** Returns what is wrong with the security of the process, for its health; empty if nothing is. */
    public Optional<String> problem() {
        ServiceHealth health = tls == null ? null : tls.health();
        return exposure()
                .or(this::stale)
                .or(() -> health == null || health.status() == ServiceHealth.Status.PASSING
                        ? Optional.empty()
                        : Optional.of(health.message()));
    }

    private synchronized Optional<String> stale() {
        return Optional.ofNullable(follower)
                .flatMap(TokenFollower::staleness)
                .filter(age -> age.compareTo(STALE) > 0)
                .map(age -> "tokens and API keys that were revoked in the last " + age.toSeconds()
                        + " s are still accepted, because the registry cannot be reached");
    }

    /** Whether security is on. If it is off, callers are who they claim to be, and may do everything. */
    public boolean on() {
        return on;
    }

    /**
     * Authenticates credentials, and waits for the check of a signature.
     *
     * @return what proves who has sent them: a token, an API key or a certificate
     * @throws ServiceException {@code unauthenticated} if they are not valid or there are none; {@code
     *     failed_precondition} if security is off; {@code unavailable} if they cannot be checked now
     */
    public Token authenticate(Credentials credentials) throws InterruptedException {
        return required().authenticate(credentials);
    }

    /**
     * Checks a token or an API key, as {@link #authenticate(Credentials)} does.
     *
     * @throws ServiceException if it is not valid, or cannot be checked now
     */
    public Token validate(String text) throws InterruptedException {
        return required().validate(text);
    }

    /**
     * Replaces a token of Treaty's own service by one that ends later.
     *
     * @throws ServiceException {@code unauthenticated} if it is no longer valid; {@code failed_precondition} if it is
     *     not one of Treaty's own service
     */
    public Token refresh(Token token) throws InterruptedException {
        return required().refresh(token);
    }

    /**
     * Decides whether the subject of a token may do something.
     *
     * @param resource the name of a service, or the path of a page such as {@code /-/metrics}
     * @param action the name of an operation; for a page, the method in lower case
     */
    public Decision authorize(Token token, String resource, String action) {
        return authorize(token.principal(), resource, action);
    }

    /** Decides whether a caller may do something: {@code CallContext.caller()} in a handler. */
    public Decision authorize(Principal caller, String resource, String action) {
        return on ? rules.authorize(caller, resource, action) : Decision.OFF;
    }

    private TokenAuthenticator required() {
        TokenAuthenticator used = authenticator;
        if (used == null) {
            throw new ServiceException(
                    Code.FAILED_PRECONDITION, "security is off in this process, so nothing proves credentials");
        }
        return used;
    }

    /** The rules and the authenticator that are in force when they are asked. */
    private final class Access implements AccessControl {
        @Override
        public boolean enforced() {
            return true;
        }

        @Override
        public Authentication authenticate(Credentials credentials) {
            return required().check(credentials);
        }

        @Override
        public Decision authorize(Principal caller, String resource, String action) {
            return rules.authorize(caller, resource, action);
        }
    }

    void close() {
        synchronized (this) {
            close(authenticator);
            close(follower);
        }
        close(tls);
        close(tokens);
    }

    /** Closes a part, if there is one that needs it. */
    private void close(@Nullable Object part) {
        if (part instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                note(true, "a part of the security was not closed: " + e.getMessage());
            }
        }
    }
}
