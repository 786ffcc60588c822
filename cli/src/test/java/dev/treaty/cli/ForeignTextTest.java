package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.Treaty;
import dev.treaty.cli.output.PrintableWriter;
import dev.treaty.codec.Json;
import dev.treaty.config.Settings;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.text.PrintableText;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other processes write reaches no terminal as a command of the terminal, and secrets reach none at all. */
class ForeignTextTest {
    private static final String EVIL = "\u001b]0;owned\u0007\n2026 FORGED\u009b2J\u202etxt\u2028x\u0085y";

    @Contract(name = "test.Evil", version = "1.0.0")
    @Description("An evil \u001b]0;title\u0007 description.")
    public interface Evil {
        /** Returns or throws text that a terminal interprets. */
        @Idempotent
        String text(boolean fail);
    }

    private final Treaty hub = Treaty.open(Settings.parse("hub", "server: {drain: 0s}\n", Map.of()));
    private String registry;

    @AfterEach
    void close() {
        hub.close();
    }

    private void serve() {
        hub.serveRegistry();
        hub.serve(Evil.class, fail -> {
            if (fail) {
                throw new ServiceException(Code.FAILED_PRECONDITION, EVIL);
            }
            return EVIL;
        });
        var instance = hub.registry().instances(new ServiceName("test.Evil")).getFirst();
        var health = new ServiceHealth(Status.WARNING, EVIL, Instant.now(), Map.of("k\u001b", EVIL));
        hub.registry()
                .register(ServiceInstance.of(
                                "evil-2", instance.service(), instance.version(), instance.endpoint(), Instant.now())
                        .withHealth(health));
        registry = "treaty://" + hub.endpoint().orElseThrow().authority();
    }

    private Command run(String command) {
        return Command.answered((command + " --registry " + registry).split(" "));
    }

    private static void assertPrintable(String output) {
        assertThat(output.lines()).allMatch(PrintableText::isPrintable);
    }

    @Test
    void control_characters_of_others_reach_no_terminal_W11() {
        serve();
        for (String command : new String[] {
            "instances test.Evil",
            "instances test.Evil --json",
            "services --metrics",
            "watch test.Evil --for 1s",
            "watch test.Evil --for 1s --json",
            "guards",
            "call test.Evil text {\"fail\":false}",
            "call test.Evil text {\"fail\":false} --json",
            "call test.Evil text {\"fail\":true}",
            "call test.Evil text {\"fail\":true} --json",
            "contract show test.Evil"
        }) {
            Command ran = run(command);
            assertPrintable(ran.out());
            assertPrintable(ran.err());
            assertThat(ran.out() + ran.err())
                    .as(command)
                    .doesNotContain("\u001b")
                    .isNotEmpty();
        }
        assertThat(run("instances test.Evil").out().lines().filter(line -> line.startsWith("2026 FORGED")))
                .isEmpty();
        assertThat(Json.read(run("call test.Evil text {\"fail\":false} --json").out()))
                .as("JSON keeps the text")
                .isEqualTo(Map.of("result", EVIL));
    }

    @Test
    void styles_are_kept_and_nothing_else_W11() {
        var written = new StringWriter();
        try (var out = new PrintableWriter(new PrintWriter(written), true)) {
            out.print("\u001b[1mbold\u001b[0m \u001b[2J\u001b]0;x\u0007");
            out.write('\u001b');
            out.println();
        }
        assertThat(written.toString()).isEqualTo("\u001b[1mbold\u001b[0m  [2J ]0;x  " + System.lineSeparator());
    }

    @Test
    void secrets_are_not_printed_W12(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("treaty.yaml"), """
            name: ${HOME:hunter2}
            server: {metadata: {password: hunter2, url: "jdbc:postgresql://app:hunter2@db/shop"}}
            """);
        Command config = Command.run("config", "show", file.toString(), "--changed", "--origin");
        assertThat(config.out())
                .doesNotContain("hunter2")
                .containsPattern("name +\\$\\{HOME}")
                .containsPattern("server.metadata.password +\\*\\*\\*")
                .contains("jdbc:postgresql://***@db/shop");

        for (String address : new String[] {
            "etcd://root:hunter2@10.0.0.1:2379", "treaty://root:hunter2@10.0.0.1", "etcdd://root:hunter2@x"
        }) {
            Command mistyped = Command.run("services", "--registry", address);
            assertThat(mistyped.exit()).isEqualTo(Main.USAGE);
            assertThat(mistyped.err()).doesNotContain("hunter2").contains("***@");
            assertThat(Command.run("services", "--registry", address, "--json").err())
                    .doesNotContain("hunter2");
            Path wrong = Files.writeString(directory.resolve("wrong.yaml"), "registry: " + address + "\n");
            assertThat(Command.run("config", "check", wrong.toString()).err()).doesNotContain("hunter2");
        }
    }
}
