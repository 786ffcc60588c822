package dev.treaty.config;

import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.text.Accepted;
import dev.treaty.core.text.AddressRange;
import dev.treaty.core.text.Range;
import dev.treaty.registry.EndpointPolicy;
import dev.treaty.registry.RegistryQuotas;
import dev.treaty.security.AccessPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How a process protects what it serves and what it calls: TLS, who calls, and who may do what. None of this can be a
 * central setting, because an author of those could give itself every right.
 *
 * @param enabled whether security is on; by default it is unless the process listens on loopback
 * @param insecure whether a process that other machines reach may run without security
 * @param trustDomain the trust domain of SPIFFE ids
 * @param certificate the file of the process's certificate and its issuers, as PEM
 * @param key the file of its private key, as PEM
 * @param authorities the file of the authorities that are trusted, as PEM
 * @param revocations the file of revoked certificates (CRL)
 * @param keystore the file of a PKCS#12 key store, instead of certificate and key
 * @param keystorePasswordFile the file of its password
 * @param protocols the versions of TLS
 * @param services which identities may serve a service, beside those with its name or one above it
 * @param roles which callers have a role
 * @param rules who may do what
 * @param dryRun whether calls that the rules deny are only reported
 * @param tokens the tokens that are accepted
 * @param client the tokens that calls carry
 * @param quotas what one identity may hold of a registry that this process serves
 * @param endpoints the addresses that instances may have in a registry that this process serves
 */
public record SecuritySettings(
        @Description("Whether security is on: TLS, credentials and rules; `none` to have it on unless `server.host` is"
                + " a loopback address.")
        Optional<Boolean> enabled,

        @Description("Whether a process that other machines reach may run without security.")
        boolean insecure,

        @Description("The trust domain of the SPIFFE ids in certificates.")
        @Accepted(pattern = "[a-z0-9._-]{1,255}", value = "lower-case letters, digits, `.`, `-` and `_`")
        String trustDomain,

        @Description("The file of the certificate of this process, followed by those of its issuers.")
        @Accepted("a PEM file; it is read again when it changes")
        Optional<Path> certificate,

        @Description("The file of the private key of `certificate`.")
        @Accepted("a PEM file; it is read again when it changes")
        Optional<Path> key,

        @Description("The file of the authorities whose certificates are trusted.")
        @Accepted("a PEM file with one or several; it is read again when it changes")
        Optional<Path> authorities,

        @Description("The file of the certificates that are revoked (CRL).")
        @Accepted("a PEM file with one or several lists; it is read again when it changes")
        Optional<Path> revocations,

        @Description("The file of a key store with certificate and key, instead of `certificate` and `key`.")
        @Accepted("a PKCS#12 file; it is read again when it changes")
        Optional<Path> keystore,

        @Description("The file of the password of `keystore`.") @Accepted("a file with one line")
        Optional<Path> keystorePasswordFile,

        @Description("The versions of TLS.") @Accepted(pattern = "TLSv1\\.[23]", value = "`TLSv1.3` and `TLSv1.2`")
        List<String> protocols,

        @Description("The identities that may serve a service, beside those with its name or one above it.")
        @Accepted(pattern = NAMES, value = "a list of names for each service, such as `{shop.Payments: [billing]}`")
        Map<ServiceName, List<String>> services,

        @Description("The callers that have a role, beside those whose tokens state it; `operator` and `reader` are"
                + " built in.")
        @Accepted(pattern = NAMES, value = "a list of names for each role, such as `{operator: [alice]}`")
        Map<String, List<String>> roles,

        @Description("Who may do what; what no rule allows is denied.")
        Map<String, AccessPolicy.Rule> rules,

        @Description("Whether calls that would be denied are only reported; what operators may do is denied as ever.")
        boolean dryRun,

        @Description("The tokens that are accepted.") Tokens tokens,

        @Description("The tokens that the calls of this process carry.")
        Client client,

        @Description("What one identity may hold of a registry that this process serves.")
        RegistryQuotas quotas,

        @Description("The addresses that instances may have in a registry that this process serves.")
        EndpointPolicy endpoints) {

    static final String NAMES = "\\*|[^*\\s\\u0000-\\u001F\\u007F-\\u009F]{1,200}"
            + "|[^*\\s\\u0000-\\u001F\\u007F-\\u009F]{1,200}\\.\\*|[^*\\s\\u0000-\\u001F\\u007F-\\u009F]{0,200}/\\*";

    /** An address that is encrypted, or does not leave the machine. */
    private static final String SAFE_ADDRESS =
            "https://[^\\s?#]+|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]{1,5})?(/[^\\s?#]*)?";

    private static final Pattern TRUST_DOMAIN = Pattern.compile("[a-z0-9._-]{1,255}");
    private static final Pattern PROTOCOL = Pattern.compile("TLSv1\\.[23]");

    /** On beyond loopback, TLS 1.3, without certificates, providers of tokens and rules. */
    public static final SecuritySettings DEFAULT = new SecuritySettings(
            Optional.empty(),
            false,
            "treaty.local",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of("TLSv1.3"),
            Map.of(),
            Map.of(),
            Map.of(),
            false,
            Tokens.DEFAULT,
            Client.DEFAULT,
            RegistryQuotas.DEFAULT,
            EndpointPolicy.DEFAULT);

    /** @throws IllegalArgumentException if a value is out of range, or values contradict each other */
    public SecuritySettings {
        if (insecure && enabled.orElse(false)) {
            throw new IllegalArgumentException(
                    "insecure and enabled are both true: remove one, since a process is either with security or"
                            + " without");
        }
        if (!TRUST_DOMAIN.matcher(trustDomain).matches()) {
            throw new IllegalArgumentException(
                    "trust-domain has other characters than lower-case letters, digits, '.', '-' and '_'");
        }
        together("certificate", certificate, "key", key);
        together("keystore", keystore, "keystore-password-file", keystorePasswordFile);
        if (certificate.isPresent() && keystore.isPresent()) {
            throw new IllegalArgumentException(
                    "certificate and keystore are both set: a process has one certificate, so remove one of them");
        }
        protocols = List.copyOf(protocols);
        if (protocols.isEmpty()
                || !protocols.stream().allMatch(each -> PROTOCOL.matcher(each).matches())) {
            throw new IllegalArgumentException("protocols has other words than TLSv1.3 and TLSv1.2, or none");
        }
        var access = new AccessPolicy(rules, roles, services, dryRun); // which checks them
        rules = access.rules();
        roles = access.roles();
        services = access.services();
    }

    private static void together(String one, Optional<Path> first, String other, Optional<Path> second) {
        if (first.isPresent() != second.isPresent()) {
            String set = first.isPresent() ? one : other;
            throw new IllegalArgumentException(
                    set + " is set without " + (first.isPresent() ? other : one) + ": set both, or none");
        }
    }

    /**
     * The tokens that are accepted.
     *
     * @param issuers the providers whose tokens are accepted, by a name for messages
     * @param treaty whether tokens and API keys that the registry's process issues are accepted
     * @param directory where the registry's process keeps its signing keys; empty for {@code .treaty/tokens} in the
     *     home directory
     * @param rotation how long a signing key is used
     */
    public record Tokens(
            @Description(
                    "The providers whose tokens are accepted, by a name that their callers have before theirs, as in"
                            + " `login/alice`.")
            Map<String, Issuer> issuers,

            @Description("Whether tokens and API keys that the registry's process issues are accepted.")
            boolean treaty,

            @Description("The directory in which the registry's process keeps its signing keys; `none` for"
                    + " `.treaty/tokens` in the home directory.")
            @Accepted("a directory, of its own")
            Optional<Path> directory,

            @Description("How long the registry's process signs with one key before it makes the next.")
            @Accepted(min = "1h", max = "365d")
            Duration rotation) {
        /** Tokens of the registry's process, whose keys change each month. */
        public static final Tokens DEFAULT = new Tokens(Map.of(), true, Optional.empty(), Duration.ofDays(30));

        /** @throws IllegalArgumentException if an issuer has no address, or a value is out of range */
        public Tokens {
            issuers = Map.copyOf(issuers);
            issuers.forEach((name, issuer) -> {
                if (issuer.issuer().isEmpty()) {
                    throw new IllegalArgumentException("issuers." + name
                            + " has no issuer: set the address that its tokens state, such as"
                            + " https://login.shop.example/realms/shop");
                }
            });
            if (issuers.values().stream().map(Issuer::issuer).distinct().count() < issuers.size()) {
                throw new IllegalArgumentException("issuers has two with the same issuer: keep one of them");
            }
            Range.check("rotation", rotation, Duration.ofHours(1), Duration.ofDays(365));
        }
    }

    /**
     * A provider of tokens, such as one of OpenID Connect.
     *
     * @param issuer its address, exactly as its tokens state it
     * @param jwks where its keys are; empty to find out by OpenID Connect Discovery
     * @param audience further audiences that its tokens may have, beside the names of services
     * @param algorithms the algorithms of its signatures
     * @param subjectClaim the claim that names the caller
     * @param rolesClaim the claim that lists the caller's roles
     */
    public record Issuer(
            @Description("The address of the provider, exactly as its tokens state it.")
            @Accepted(pattern = "(" + SAFE_ADDRESS + ")", value = "`https`, or `http` on this machine")
            String issuer,

            @Description("The address of the provider's keys; `none` to find them by OpenID Connect Discovery.")
            @Accepted(pattern = "(" + SAFE_ADDRESS + ")", value = "`https`, or `http` on this machine")
            Optional<String> jwks,

            @Description("Further audiences that tokens may have, beside the names of the services that are called.")
            @Accepted(pattern = "\\S+", value = "names such as `[shop-api]`")
            List<String> audience,

            @Description("The algorithms of signatures.")
            @Accepted(pattern = "EdDSA|ES256|RS256", value = "`EdDSA`, `ES256` and `RS256`")
            List<String> algorithms,

            @Description("The claim that names the caller.")
            @Accepted(pattern = "\\S+", value = "a name, such as `sub` or `azp`")
            String subjectClaim,

            @Description("The claim that lists roles.")
            @Accepted(pattern = "\\S+", value = "a name, or a path such as `realm_access.roles`")
            String rolesClaim) {
        private static final Pattern SAFE = Pattern.compile(SAFE_ADDRESS);
        private static final Pattern WORD = Pattern.compile("\\S+");
        private static final Pattern ALGORITHM = Pattern.compile("EdDSA|ES256|RS256");

        /** All algorithms and the usual claims; the address is missing, without which it is not valid. */
        public static final Issuer DEFAULT =
                new Issuer("", Optional.empty(), List.of(), List.of("EdDSA", "ES256", "RS256"), "sub", "roles");

        /** @throws IllegalArgumentException if an address is not safe, or a word is not known */
        public Issuer {
            if (!issuer.isEmpty()) {
                checkAddress("issuer", issuer);
            }
            jwks.ifPresent(address -> checkAddress("jwks", address));
            audience = List.copyOf(audience);
            algorithms = List.copyOf(algorithms);
            if (!audience.stream().allMatch(each -> WORD.matcher(each).matches())) {
                throw new IllegalArgumentException("audience has an empty name, or one with spaces: write names");
            }
            if (algorithms.isEmpty()
                    || !algorithms.stream()
                            .allMatch(each -> ALGORITHM.matcher(each).matches())) {
                throw new IllegalArgumentException("algorithms has other words than EdDSA, ES256 and RS256, or none");
            }
            checkWord("subject-claim", subjectClaim);
            checkWord("roles-claim", rolesClaim);
        }

        private static void checkAddress(String key, String address) {
            if (!SAFE.matcher(address).matches()) {
                throw new IllegalArgumentException(key + " is not an https address: who can change what is read from"
                        + " there could issue tokens; http is accepted on this machine only");
            }
        }

        private static void checkWord(String key, String word) {
            if (!WORD.matcher(word).matches()) {
                throw new IllegalArgumentException(key + " is empty or has spaces: write the name of a claim");
            }
        }
    }

    /**
     * The tokens that calls carry.
     *
     * @param tokenFile the file of a token, which is read again when it changes
     * @param oidc the provider of tokens
     */
    public record Client(
            @Description("The file of the token that calls carry.")
            @Accepted("a file with one line; it is read again when it changes")
            Optional<Path> tokenFile,

            @Description("The OpenID Connect provider of the tokens that calls carry.")
            Optional<Oidc> oidc) {
        /** No tokens: the certificate of the process proves who calls. */
        public static final Client DEFAULT = new Client(Optional.empty(), Optional.empty());

        /** @throws IllegalArgumentException if there are two sources */
        public Client {
            if (tokenFile.isPresent() && oidc.isPresent()) {
                throw new IllegalArgumentException("token-file and oidc are both set: keep the one that calls use");
            }
        }
    }

    /**
     * A client of an OpenID Connect provider, which gets its tokens by the grant of client credentials.
     *
     * @param issuer the address of the provider
     * @param clientId the name of this process at the provider
     * @param clientSecretFile the file of its secret
     * @param scope the scope that it asks for; empty for none
     */
    public record Oidc(
            @Description("The address of the provider.")
            @Accepted(pattern = "(" + SAFE_ADDRESS + ")", value = "`https`, or `http` on this machine")
            String issuer,

            @Description("The name of this process at the provider.")
            @Accepted(pattern = "\\S+", value = "a name without spaces")
            String clientId,

            @Description("The file of the secret of this process at the provider.") @Accepted("a file with one line")
            Path clientSecretFile,

            @Description("The scope of the tokens, such as `shop`.")
            @Accepted(pattern = "\\s*\\S[\\s\\S]*", value = "names, separated by spaces")
            Optional<String> scope) {
        /** @throws IllegalArgumentException if the address is not safe, or a value is empty */
        public Oidc {
            Issuer.checkAddress("issuer", issuer);
            Issuer.checkWord("client-id", clientId);
            scope.ifPresent(words -> SettingChecks.notBlank("scope", words));
        }
    }

    /**
     * Returns whether security is on.
     *
     * @param host the address that the process listens on
     */
    public boolean on(String host) {
        return enabled.orElseGet(() -> !insecure && (authorities.isPresent() || !AddressRange.isLoopback(host)));
    }

    /** Returns who may do what. */
    public AccessPolicy access() {
        return new AccessPolicy(rules, roles, services, dryRun);
    }

    /** Returns these settings with the parts of others that take effect without a restart: who may do what. */
    public SecuritySettings withAccess(SecuritySettings other) {
        return new SecuritySettings(
                enabled,
                insecure,
                trustDomain,
                certificate,
                key,
                authorities,
                revocations,
                keystore,
                keystorePasswordFile,
                protocols,
                other.services,
                other.roles,
                other.rules,
                other.dryRun,
                tokens,
                client,
                quotas,
                endpoints);
    }
}
