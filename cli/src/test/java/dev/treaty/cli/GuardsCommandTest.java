package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.Treaty;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.resilience.IsolationLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code treaty guards} against a process that calls a service which fails. */
class GuardsCommandTest {
    /** What is called. */
    @Contract(name = "test.Prices", version = "1.0.0")
    public interface Prices {
        /** Tells a price. */
        @Idempotent
        int price(String sku);
    }

    private final Treaty shop = Treaty.open(Settings.parse("shop", """
        name: shop
        server: {drain: 0s}
        defaults: {deadline: 50s, attempt-timeout: 20s}
        services: {test.Prices: {retry: {attempts: 2}, hedge: {percentile: 95%, delay-min: 30s}}}
        """, Map.of()));
    private Prices prices;
    private String registry;

    @BeforeEach
    void start() {
        shop.serveRegistry();
        shop.serve(Prices.class, sku -> {
            if (sku.equals("lost")) {
                throw new ServiceException(Code.UNAVAILABLE, "the price list is lost");
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

    /** What there is to tell of the shop's guard, once the shop was asked and has answered in time. */
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
        assertThatThrownBy(() -> prices.price("lost")).isInstanceOf(ServiceException.class);
    }

    @Test
    void guardsAreListedWithWhatTheyCounted() {
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
    void stepsAreDescribedInTheirOrderAndContradictionsTold() {
        prices.price("tea");

        assertThat(Command.until(command -> command.out().contains("shop at"), command("test.Prices", "--describe"))
                        .out())
                .containsSubsequence("shop at http://", "deadline", "fallback", "retry", "hedge", "timeout")
                .contains("2 attempts");
        assertThat(guards("test.Prices").out())
                .contains("test.Prices: hedge.delay-min (30s) is not shorter than the longest attempt (");
    }

    @Test
    void levelsAreChangedAndCountsBegunAnewWhileTheProcessRuns() {
        call();

        Map<?, ?> guard = only(guards("test.Prices", "--level", "basic", "--reset", "--json"));

        assertThat(guard.get("level")).isEqualTo("basic");
        assertThat(guard.get("calls")).isEqualTo(0);
        assertThat(shop.guards().find("test.Prices").orElseThrow().tolerance().level())
                .isEqualTo(IsolationLevel.BASIC);
    }

    @Test
    void whatCannotBeDoneIsSaid() {
        assertThat(Command.answered(command("test.Nothing"))).satisfies(command -> {
            assertThat(command.exit()).isEqualTo(Main.FAILED);
            assertThat(command.out()).isEqualToIgnoringNewLines("No process calls test.Nothing.");
        });
        assertThat(Command.run(command("--level", "none"))).satisfies(command -> {
            assertThat(command.exit()).isNotEqualTo(Main.OK);
            assertThat(command.err()).contains("name the SERVICE whose guards are to be changed");
        });
        assertThat(Command.run(command("test.Prices", "--level", "most")).err())
                .contains("\"most\" is no level: choose none, basic, enhanced or full");
    }
}
