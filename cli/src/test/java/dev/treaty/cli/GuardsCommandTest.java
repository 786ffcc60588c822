package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.Treaty;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.resilience.IsolationLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code treaty guards} with a process that calls a failing service. */
class GuardsCommandTest {
    @Contract(name = "test.Prices", version = "1.0.0")
    public interface Prices {
        @Idempotent
        int price(String sku);
    }

    @TempDir
    private Path directory;

    private Treaty shop;
    private Prices prices;
    private String registry;

    @BeforeEach
    void start() throws IOException {
        shop = Treaty.open(Files.writeString(directory.resolve("treaty.yaml"), """
            name: shop
            server: {drain: 0s}
            defaults: {deadline: 50s, attempt-timeout: 20s}
            services: {test.Prices: {retry: {attempts: 2}, hedge: {percentile: 95%, delay-min: 30s}}}
            """));
        shop.serveRegistry();
        shop.serve(Prices.class, sku -> {
            if (sku.equals("unknown")) {
                throw new ServiceException(Code.UNAVAILABLE, "no price list");
            }
            return sku.length();
        });
        prices = shop.client(Prices.class);
        registry = "treaty://" + shop.endpoint().orElseThrow().authority();
    }

    @AfterEach
    void stop() {
        shop.close();
    }

    /** Runs the command until the process has answered. */
    private Command guards(String... arguments) {
        return Command.until(command -> command.out().contains("test.Prices"), command(arguments));
    }

    private String[] command(String... arguments) {
        var all = new ArrayList<>(List.of("guards"));
        all.addAll(List.of(arguments));
        all.addAll(List.of("--registry", registry));
        return all.toArray(String[]::new);
    }

    private static Map<?, ?> only(Command command) {
        List<?> rows = (List<?>) command.json();
        assertThat(rows).hasSize(1);
        return (Map<?, ?>) rows.getFirst();
    }

    private void call() {
        for (int i = 0; i < 8; i++) {
            prices.price("tea");
        }
        assertThatThrownBy(() -> prices.price("unknown")).isInstanceOf(ServiceException.class);
    }

    @Test
    void guards_are_listed_with_their_statistics() {
        call();

        Map<?, ?> guard = only(guards("--json"));
        assertThat(guard.get("process")).isEqualTo("shop");
        assertThat(guard.get("service")).isEqualTo("test.Prices");
        assertThat(guard.get("level")).isEqualTo("full");
        assertThat(guard.get("health")).isEqualTo("passing");
        assertThat(guard.get("calls")).isEqualTo(9);
        assertThat(guard.get("failed")).isEqualTo(1);
        assertThat(guard.get("retries")).isEqualTo(1);
        assertThat(((Number) guard.get("averageAttempts")).doubleValue()).isEqualTo(1.111);
        assertThat(guards().out())
                .containsPattern("SERVICE +CALLED BY +LEVEL")
                .containsPattern("test\\.Prices +shop +full +passing +9 +1 +0 +1 +1\\.111 +0");
    }

    @Test
    void steps_are_described_in_order_with_warnings() {
        prices.price("tea");

        assertThat(Command.until(command -> command.out().contains("shop at"), command("test.Prices", "--describe"))
                        .out())
                .containsSubsequence("shop at http://", "deadline", "fallback", "retry", "hedge", "timeout")
                .contains("2 attempts");
        assertThat(guards("test.Prices").out())
                .contains("test.Prices: hedge.delay-min (30s) is not shorter than the longest attempt (");
    }

    @Test
    void levels_and_statistics_change_while_the_process_runs() {
        call();

        Map<?, ?> guard = only(guards("test.Prices", "--level", "basic", "--reset", "--json"));

        assertThat(guard.get("level")).isEqualTo("basic");
        assertThat(guard.get("calls")).isEqualTo(0);
        assertThat(shop.guards().find("test.Prices").orElseThrow().tolerance().level())
                .isEqualTo(IsolationLevel.BASIC);
    }

    @Test
    void breakers_are_forced_until_that_is_taken_back() {
        call();

        guards("test.Prices", "--breaker", "open", "--reason", "incident 12", "--expires", "1h");
        assertThatThrownBy(() -> prices.price("tea")).isInstanceOf(ServiceException.class);
        assertThat(Command.answered("config", "list", "--registry", registry).out())
                .containsPattern("services\\.test\\.Prices\\.breaker\\.forced +open .*incident 12");

        guards("test.Prices", "--breaker", "none");
        assertThat(prices.price("tea")).isEqualTo(3);
        assertThat(Command.run(command("test.Prices", "--reason", "none")).err())
                .contains("--reason and --expires are those of --level or --breaker");
    }

    @Test
    void an_unknown_service_and_a_wrong_option_are_errors() {
        prices.price("tea");
        String hint = "no client guards found for test.Prize; did you mean test.Prices?";
        Command unknown = Command.until(command -> command.err().contains(hint), command("test.Prize"));
        assertThat(unknown.err()).contains(hint);
        assertThat(unknown.exit()).isEqualTo(Main.FAILED);

        Command unnamed = Command.run(command("--level", "none"));
        assertThat(unnamed.err()).contains("name the SERVICE whose guards to change");
        assertThat(unnamed.exit()).isEqualTo(Main.USAGE);
        assertThat(Command.run(command("test.Prices", "--level", "most")).err())
                .contains("\"most\" is not one of none, basic, enhanced, full");
    }
}
