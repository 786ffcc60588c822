package dev.treaty.demo;

import dev.treaty.Treaty;
import dev.treaty.cli.secure.DevelopmentSecurity;
import dev.treaty.config.ConfigurationSources;
import dev.treaty.config.SecuritySettings;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.event.BackgroundThread;
import dev.treaty.core.event.Events;
import dev.treaty.core.time.Time;
import dev.treaty.security.TokenProtocol;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The security of a demo: each service has a certificate of its name, which is renewed while it runs; customers have a
 * token, which is replaced while they call; and rules say who may call what.
 */
final class DemoSecurity implements AutoCloseable {
    /** The identity of the process that calls the shop for its customers. */
    private static final String CUSTOMERS = "customers";

    /** Who the token is about. */
    private static final String CUSTOMER = "ann";

    private static final Duration CERTIFICATE_LIFETIME = Duration.ofSeconds(30);
    private static final Duration TOKEN_LIFETIME = Duration.ofSeconds(20);
    private static final Duration FIRST_TOKEN_PAUSE = Duration.ofMillis(100);
    private static final Duration TOKEN_INTERVAL = Duration.ofSeconds(4);

    private static final String RULES = """
        security:
          roles: {operator: [operator, treaty]}
          services: {shop.Chaos: [shop.*]}
          rules:
            customers: {callers: [ann], services: [shop.Storefront]}
            storefront: {callers: [shop.Storefront], services: [shop.Orders, shop.Recommendations]}
            orders: {callers: [shop.Orders], services: [shop.Inventory, shop.Payments]}
            faults: {roles: [operator], services: [shop.Chaos]}
        """;

    private final DevelopmentSecurity certificates;
    private final Path settings;
    private final Path token;
    private final Treaty operator;
    private final Thread renewal;

    /** Makes certificates and settings in a directory, for the processes that use that registry. */
    DemoSecurity(Path directory, Settings client) throws IOException {
        certificates = DevelopmentSecurity.open(directory.resolve("security"), CERTIFICATE_LIFETIME, Events.NONE);
        settings = Files.createDirectories(directory.resolve("conf.d"));
        Files.writeString(settings.resolve("security.yaml"), RULES);
        token = directory.resolve("token");
        operator = Treaty.open(client.withSecurity(read(environment(DevelopmentSecurity.OPERATOR))));
        renewal = BackgroundThread.virtual("demo-tokens", Time.system(), Events.NONE, this::replaceTokens);
    }

    /** The file with the settings of all processes. */
    Path file() {
        return settings.resolve("security.yaml");
    }

    /** Returns the variables of a process with the certificate of an identity. */
    Map<String, String> environment(String identity) {
        var variables = new HashMap<>(certificates.environment(identity));
        variables.put(ConfigurationSources.DIRECTORY, settings.toString());
        return variables;
    }

    /** The client with the role of operators. */
    Treaty operator() {
        return operator;
    }

    /** Issues the first token, and returns the settings of the client that calls for customers. */
    SecuritySettings customers() throws InterruptedException {
        issueFirstToken();
        renewal.start();
        var variables = new HashMap<>(environment(CUSTOMERS));
        variables.put("TREATY_SECURITY_CLIENT_TOKEN_FILE", token.toString());
        return read(variables);
    }

    private static SecuritySettings read(Map<String, String> environment) {
        return ConfigurationSources.of(environment).read(List.of()).settings().security();
    }

    private void replaceTokens() throws InterruptedException {
        while (true) {
            Time.system().sleep(TOKEN_INTERVAL.toNanos());
            try {
                issueToken();
            } catch (ServiceException e) {
                // The registry is down: the token before is still valid, and the next one follows soon.
            }
        }
    }

    /** Issues a token as soon as the service of tokens is found: at the beginning, all processes start at once. */
    private void issueFirstToken() throws InterruptedException {
        long end = System.nanoTime() + ShopInstance.START_MAX.toNanos();
        while (true) {
            try {
                issueToken();
                return;
            } catch (ServiceException e) {
                if (e.code() != Code.UNAVAILABLE || System.nanoTime() - end > 0) {
                    throw e;
                }
                Time.system().sleep(FIRST_TOKEN_PAUSE.toNanos());
            }
        }
    }

    private void issueToken() throws InterruptedException {
        var issued = operator.client(TokenProtocol.class)
                .issue(
                        CUSTOMER,
                        List.of("shop.Storefront"),
                        TOKEN_LIFETIME.toSeconds(),
                        Optional.empty(),
                        Optional.empty());
        try {
            Path next = Files.writeString(token.resolveSibling("token.next"), issued.token());
            Files.move(next, token, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Signs with another key from now on. */
    void rotateKeys() throws InterruptedException {
        operator.client(TokenProtocol.class).rotate();
    }

    @Override
    public void close() {
        renewal.interrupt();
        operator.close();
        certificates.close();
    }
}
