package dev.treaty.cli.attacks;

import static dev.treaty.cli.attacks.SecureSystem.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.cli.Command;
import dev.treaty.cli.attacks.SecureSystem.Payments;
import dev.treaty.codec.Json;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Headers;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secrets are planted wherever a secret may be, and whatever the product puts out is searched for them. */
class CanaryTest {
    private final Random random = new Random(20_261_201);
    private final Map<String, String> canaries = new LinkedHashMap<>();
    private final Queue<String> output = new ConcurrentLinkedQueue<>();

    @TempDir
    private Path directory;

    private String plant(String name) {
        byte[] bytes = new byte[12];
        random.nextBytes(bytes);
        String canary = "Zq" + HexFormat.of().formatHex(bytes);
        canaries.put(name, canary);
        return canary;
    }

    private Path file(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    private void noted(String what, Object text) {
        output.add(what + ": " + text);
    }

    private void failed(String what, Throwable failure) {
        var trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace));
        noted(what, trace);
        if (failure instanceof ServiceException e) {
            noted(what, e.fault());
        }
    }

    private void attempt(String what, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            failed(what, e);
        }
    }

    /** Receives each record of the log, whatever its level, with its exception. */
    private final Handler log = new Handler() {
        private final SimpleFormatter format = new SimpleFormatter();

        @Override
        public void publish(LogRecord each) {
            noted("log", format.format(each));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @Test
    void no_secret_is_in_any_output() throws Exception {
        Logger treaty = Logger.getLogger("dev.treaty");
        treaty.setLevel(Level.ALL);
        log.setLevel(Level.ALL);
        treaty.addHandler(log);
        try (var system = new SecureSystem(directory.resolve("system"))) {
            play(system);
            system.lines().forEach(line -> noted("registry", line));
        } finally {
            treaty.removeHandler(log);
            treaty.setLevel(null);
        }
        assertThat(output).hasSizeGreaterThan(60);
        assertThat(canaries).hasSizeGreaterThan(14);
        List<String> shown = new ArrayList<>();
        canaries.forEach((name, canary) -> output.forEach(each -> {
            int at = each.indexOf(canary);
            if (at >= 0) {
                shown.add(name + " in " + each.substring(0, Math.min(60, at)) + " … "
                        + each.substring(Math.max(0, at - 120), at));
            }
        }));
        assertThat(shown).isEmpty();
    }

    private Treaty watched(Treaty treaty) {
        treaty.events().subscribe(event -> noted("event", event));
        return treaty;
    }

    private void command(SecureSystem system, String identity, String... arguments) throws IOException {
        noted("a command of " + identity, system.run(identity, arguments));
    }

    private void play(SecureSystem system) throws Exception {
        String url = "jdbc:postgresql://shop:" + plant("the user of a database") + "@db/shop?password="
                + plant("the password of a database");
        String app = """
            server: {drain: 100ms}
            app:
              mail: {password: 'file:%s', relay: 'env:RELAY', api-key: %s}
            """.formatted(
                        file("mail-secret", plant("a secret of the application in a file")),
                        plant("a secret of the application in the settings"));
        String variable = plant("a secret of the application in a variable");
        Path settingsFile = file("shop.yaml", system.settings("shop.Payments", "", app));
        Treaty served = watched(Treaty.open(
                Settings.parse(settingsFile.toString(), Files.readString(settingsFile), Map.of("RELAY", variable))));
        try (served) {
            serve(served, url);
            playClients(system, served);
            playCommands(system, served, settingsFile);
            noted("settings", served.settings());
            noted("configuration", served.configuration());
            noted("security", served.security().process());
        }
    }

    private static void serve(Treaty treaty, String url) {
        treaty.serve(Payments.class, new Payments() {
            @Override
            public String pay(String text) {
                if (text.equals("broken")) {
                    throw new IllegalStateException(
                            "no connection to " + url, new IOException("cannot connect to " + url));
                }
                return "paid";
            }

            @Override
            public String refund(String text) {
                return "refunded";
            }
        });
    }

    private void playClients(SecureSystem system, Treaty served) throws Exception {
        int port = served.endpoint().orElseThrow().port();
        var issued = (Map<?, ?>)
                Json.read(system.run("alice", "tokens", "issue", "carol", "--for", "shop.Payments", "--json")
                        .out());
        var created = (Map<?, ?>) Json.read(
                system.run("alice", "tokens", "create-key", "carol", "--json").out());
        String token = (String) issued.get("token");
        String key = (String) created.get("key");
        canaries.put("a token", token.substring(token.lastIndexOf('.') + 1));
        canaries.put("an API key", key.substring(key.lastIndexOf('_') + 1));
        canaries.put("a private key", privateKey(system, "shop.Payments"));
        canaries.put("the private key of the authority", privateKey(system, "ca"));

        // a client with the token, and one whose token is wrong
        Treaty carol = watched(system.open("shop.Web", "client: {token-file: " + file("token", token) + "}", ""));
        Payments client = carol.client(Payments.class);
        until("a payment is made", () -> {
            try {
                return client.pay("1").equals("paid");
            } catch (ServiceException e) {
                return false;
            }
        });
        Headers headers =
                Headers.of("cookie", "session=" + plant("a cookie")).and("x-api-key", plant("a header with a key"));
        for (String text : List.of("1", "broken")) {
            attempt("a call with headers", () -> carol.withHeaders(headers, () -> client.pay(text)));
            attempt("a denied call", () -> carol.withHeaders(headers, () -> client.refund(text)));
            attempt(
                    "a call with its own token",
                    () -> carol.withHeaders(
                            Headers.of("authorization", "Bearer " + plant("a wrong token of a call " + text)),
                            () -> client.pay(text)));
        }
        Treaty wrong = watched(system.open(
                "shop.Web", "client: {token-file: " + file("wrong", plant("a token that is refused")) + "}", ""));
        attempt("a refused token", () -> wrong.client(Payments.class).pay("1"));

        // tokens of a provider that cannot be reached
        String oidc = "client: {oidc: {issuer: 'https://127.0.0.1:9/realm', client-id: shop, client-secret-file: "
                + file("client-secret", plant("the secret of a client")) + "}}";
        Treaty provider = watched(system.open("shop.Web", oidc, ""));
        attempt("a provider that is away", () -> provider.client(Payments.class).pay("1"));

        // a key store whose password is right for nothing
        char[] password = plant("the password of a key store").toCharArray();
        Path store = directory.resolve("store.p12");
        system.authority().issue("shop.Cart").writePkcs12(store, "another".toCharArray());
        Path passwordFile = file("store-password", new String(password));
        attempt("a key store", () -> {
            try {
                system.openRaw("enabled: true\nauthorities: " + system.authorityFile() + "\nkeystore: " + store
                        + "\nkeystore-password-file: " + passwordFile);
            } catch (IOException e) {
                failed("a key store", e);
            }
        });

        // raw requests: wrong tokens, lease tokens, secrets in paths
        String lease = plant("a lease token");
        String instance = "{\"instance\":{\"id\":\"canary\",\"service\":\"shop.Payments\",\"version\":\"1.0.0\","
                + "\"protocol\":\"https\",\"host\":\"127.0.0.1\",\"port\":9,\"health\":{\"status\":\"CRITICAL\"}},"
                + "\"token\":\"" + lease + "\"}";
        int registry = system.registryPort();
        for (String identity : List.of("shop.Payments", "shop.Web", "")) {
            noted("register", system.ask(registry, identity, "POST", "/treaty.Registry/register", instance));
            noted(
                    "renew",
                    system.ask(
                            registry,
                            identity,
                            "POST",
                            "/treaty.Registry/renew",
                            "{\"leases\":[{\"id\":\"canary\",\"token\":\"" + lease + "\"},{\"id\":\"x\",\"token\":\""
                                    + lease + "\"}]}"));
        }
        for (String header : List.of(
                "Authorization: Bearer " + plant("a wrong bearer token"),
                "Authorization: Basic " + plant("a wrong password"),
                "Authorization: Bearer treaty_aaaaaaaaaaaa_" + plant("a wrong API key"),
                "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0." + plant("a wrong signature"),
                "X-Consul-Token: " + plant("a wrong token of Consul"))) {
            noted("refused", system.ask(port, "", "POST", "/shop.Payments/pay", "{\"text\":\"1\"}", header));
            noted("refused", system.ask(registry, "", "POST", "/treaty.Registry/services", "{}", header));
            noted("refused", system.ask(system.consulPort(), "", "GET", "/v1/catalog/services", "", header));
        }
        noted(
                "a refused refresh",
                system.ask(
                        registry,
                        "",
                        "POST",
                        "/treaty.Tokens/refresh",
                        "{\"token\":\"" + plant("a token that is not refreshed") + "\"}"));
        for (String page : List.of(
                "/-/status", "/-/metrics", "/-/health", "/-/openapi/shop.Payments", "/-/jwks", "/-/health?verbose")) {
            noted(page, system.ask(port, "alice", "GET", page, ""));
            noted(page, system.ask(registry, "alice", "GET", page, ""));
        }
        noted("settings", system.ask(port, "alice", "POST", "/treaty.Introspection/settings", "{\"prefix\":\"\"}"));
        noted("state", system.ask(registry, "alice", "POST", "/treaty.Tokens/state", "{}"));
        noted(
                "instances",
                system.ask(registry, "alice", "POST", "/treaty.Registry/instances", "{\"service\":\"shop.Payments\"}"));
        noted(
                "watch",
                system.ask(
                        registry,
                        "alice",
                        "POST",
                        "/treaty.Registry/watch",
                        "{\"since\":{\"shop.Payments\":0},\"waitMillis\":0}"));
        noted("consul", system.ask(system.consulPort(), "alice", "GET", "/v1/health/service/shop.Payments", ""));
    }

    private static String privateKey(SecureSystem system, String name) throws IOException {
        List<String> lines = Files.readAllLines(system.directory().resolve("certs/" + name + ".key"));
        return lines.get(1).substring(lines.get(1).length() / 2);
    }

    private void playCommands(SecureSystem system, Treaty served, Path settings) throws IOException {
        String mistyped = "postgres://shop:" + plant("a password in an argument") + "@db:5432";
        for (String json : List.of("", "--json")) {
            for (List<String> each : List.of(
                    List.of("config", "show", settings.toString(), "--origin"),
                    List.of("config", "check", settings.toString(), "--strict"),
                    List.of("config", "diff", settings.toString(), settings.toString()))) {
                var arguments = new ArrayList<>(each);
                arguments.add(json);
                arguments.remove("");
                noted(each.toString(), Command.run(arguments.toArray(String[]::new)));
            }
            for (List<String> each : List.of(
                    List.of("services", "--metrics"),
                    List.of("instances"),
                    List.of("tokens", "list"),
                    List.of("guards"),
                    List.of("call", "shop.Payments", "pay", "{\"text\":\"broken\"}"),
                    List.of("call", "shop.Payments", "refund", "{\"text\":\"1\"}", "-v"),
                    List.of(
                            "call",
                            "shop.Payments",
                            "pay",
                            "{\"text\":\"1\"}",
                            "-v",
                            "-H",
                            "authorization: Bearer " + plant("a token in an argument" + json)),
                    List.of("access", "explain", "shop.Cart", "shop.Payments", "pay"),
                    List.of("services", "--registry", mistyped),
                    List.of("call", mistyped, "pay"),
                    List.of(mistyped))) {
                var arguments = new ArrayList<>(each);
                arguments.add(json);
                arguments.remove("");
                command(system, json.isEmpty() ? "alice" : "shop.Cart", arguments.toArray(String[]::new));
            }
        }
        noted("describe", served.describe(new ServiceName("shop.Payments")));
    }
}
