package dev.treaty.cli.secure;

import dev.treaty.certificates.CertificateAuthority;
import dev.treaty.certificates.CertificateRequest;
import dev.treaty.cli.CommandFailed;
import dev.treaty.config.Settings;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Event;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.observe.EventLog;
import dev.treaty.security.AccessRules;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The security of processes on one machine: an authority and the certificates that it issues, in a directory that only
 * its user can read. Certificates are renewed while their processes run, which read them again.
 */
public final class DevelopmentSecurity implements AutoCloseable {
    /** The identity of the registry, and of the process that starts the others. */
    public static final String REGISTRY = "treaty";

    /** The identity of the commands of the user, which has the role of operators. */
    public static final String OPERATOR = "operator";

    /** Where the authority and the certificates are, in the directory of what uses them. */
    public static final String DIRECTORY = ".treaty/security";

    /** The trust domain of the authority. */
    public static final String TRUST_DOMAIN = "treaty.local";

    private static final String OPERATORS = "security.roles." + AccessRules.OPERATOR;

    private final Path directory;
    private final CertificateAuthority authority;
    private final Duration lifetime;
    private final Set<String> issued = ConcurrentHashMap.newKeySet();
    private final Thread renewal;

    private DevelopmentSecurity(Path directory, CertificateAuthority authority, Duration lifetime, Events events) {
        this.directory = directory;
        this.authority = authority;
        this.lifetime = lifetime;
        this.renewal = BackgroundThread.virtual("treaty-certificates", Time.system(), events, () -> renew(events));
        renewal.start();
    }

    /** Returns the directory for what runs from another one: {@code .treaty/security} in it. */
    public static Path directory(Path beside) {
        return beside.toAbsolutePath().normalize().resolve(DIRECTORY);
    }

    /** Opens the authority in a directory, for certificates that are valid for a day. */
    public static DevelopmentSecurity open(Path directory) {
        return open(directory, CertificateRequest.LIFETIME, new EventLog(Time.system()));
    }

    /**
     * Opens the authority in a directory, which is created if it does not exist.
     *
     * @param lifetime how long certificates are valid; each is renewed after half of it
     */
    public static DevelopmentSecurity open(Path directory, Duration lifetime, Events events) {
        try {
            Time time = Time.system();
            CertificateAuthority authority = Files.exists(directory.resolve("ca.pem"))
                    ? CertificateAuthority.open(directory, time)
                    : CertificateAuthority.create(directory, TRUST_DOMAIN, time);
            return new DevelopmentSecurity(directory, authority, lifetime, events);
        } catch (IOException e) {
            throw new CommandFailed("the certificates in " + directory + " cannot be used: " + e.getMessage());
        }
    }

    /** Issues a certificate for an identity, and returns the variables of a process that uses it. */
    public Map<String, String> environment(String identity) {
        if (issued.add(identity)) {
            issue(identity);
        }
        return variables(directory, identity);
    }

    /** Issues certificates for the registry and for operators, and returns the variables of the registry's process. */
    public Map<String, String> registryEnvironment() {
        environment(OPERATOR);
        return environment(REGISTRY);
    }

    /** Returns the setting of the operators: those of the settings, and those that {@code --secure} needs. */
    public static Map<String, String> operators(Settings settings) {
        var names = new LinkedHashSet<>(settings.security().roles().getOrDefault(AccessRules.OPERATOR, List.of()));
        names.add(OPERATOR);
        names.add(REGISTRY);
        return Map.of(OPERATORS, String.join(",", names));
    }

    /**
     * Returns the variables of a process that uses the certificate of an identity.
     *
     * @throws CommandFailed if there is none
     */
    public static Map<String, String> existing(Path directory, String identity) {
        Map<String, String> variables = variables(directory, identity);
        if (!Files.exists(directory.resolve(identity + ".pem"))) {
            throw new CommandFailed("there is no certificate of " + identity + " in " + directory
                    + ": \"treaty up --secure\" makes it, or \"treaty certs issue\"");
        }
        return variables;
    }

    private static Map<String, String> variables(Path directory, String identity) {
        return Map.of(
                "TREATY_SECURITY_ENABLED", "true",
                "TREATY_SECURITY_TRUST_DOMAIN", TRUST_DOMAIN,
                "TREATY_SECURITY_CERTIFICATE",
                        directory.resolve(identity + ".pem").toString(),
                "TREATY_SECURITY_KEY", directory.resolve(identity + ".key").toString(),
                "TREATY_SECURITY_AUTHORITIES", directory.resolve("ca.pem").toString(),
                "TREATY_SECURITY_REVOCATIONS", directory.resolve("ca.crl").toString(),
                "TREATY_SECURITY_TOKENS_DIRECTORY", directory.resolve("tokens").toString());
    }

    private void issue(String identity) {
        try {
            authority.write(CertificateRequest.of(identity).withLifetime(lifetime));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void renew(Events events) throws InterruptedException {
        while (true) {
            Time.system().sleep(lifetime.dividedBy(2).toNanos());
            for (String identity : issued) {
                issue(identity);
            }
            events.emit(new Event.SecurityNoticed(false, "certificates are renewed: " + issued));
        }
    }

    @Override
    public void close() {
        renewal.interrupt();
    }
}
