package dev.treaty.cli.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.treaty.Treaty;
import dev.treaty.cli.Command;
import dev.treaty.cli.Main;
import dev.treaty.config.Settings;
import dev.treaty.core.contract.Capability;
import dev.treaty.core.contract.Contract;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code treaty contract diff}, {@code check} and {@code publish}, with files and with a registry. */
class ContractChecksTest {
    @Contract(
            name = "test.Parcels",
            version = "1.1.0",
            capabilities = @Capability(name = "tracking", version = "1.0.0"))
    public interface Parcels {
        String send(String to);

        String where(String id);
    }

    @TempDir
    private Path folder;

    private String file(String version, String operations) throws IOException {
        Path file = folder.resolve(version + "-" + operations.hashCode() + ".contract");
        return Files.writeString(file, "contract test.Parcels " + version + "\n" + operations)
                .toString();
    }

    @Test
    void differences_are_listed_with_advice() throws IOException {
        String older = file("1.0.0", "send(to: string) -> string");
        String newer = file("1.1.0", "send(to: string, from: string) -> string\nwhere(id: string) -> string");

        Command diff = Command.run("contract", "diff", older, newer);

        assertThat(diff.exit()).isEqualTo(Main.OK);
        assertThat(diff.out()).isEqualToNormalizingNewlines("""
            test.Parcels 1.0.0 -> 1.1.0
              breaks old, new clients  "from" in requests of send: it is new and required: old clients do \
            not send it. Make it optional, or give it a default with @DefaultValue.
              breaks new clients       "where": the operation is new: old servers do not know it. Roll out \
            the servers before the clients that call it.
              clients of 1.0.0 and servers of 1.1.0: calls fail
              clients of 1.1.0 and servers of 1.0.0: calls fail
            """);
        assertThat(Command.run("contract", "diff", older, newer, "--json").json())
                .asInstanceOf(MAP)
                .containsEntry("oldClientsWork", false)
                .extractingByKey("differences", LIST)
                .hasSize(2)
                .first(MAP)
                .containsEntry("kind", "field-added")
                .containsEntry("message", "request")
                .containsEntry("where", "from")
                .containsEntry("oldClients", "all");
        assertThat(Command.run("contract", "diff", older, older).out()).contains("no differences");
    }

    @Test
    void a_check_against_a_file_needs_no_registry() throws IOException {
        String before = file("1.0.0", "send(to: string) -> string");
        String adds = file("1.1.0", "send(to: string) -> string\nwhere(id: string) -> string");
        String breaks = file("1.1.0", "where(id: string) -> string");
        String major = file("2.0.0", "where(id: string) -> string");

        Command fine = Command.run("contract", "check", adds, "--against", before);
        assertThat(fine.exit()).isEqualTo(Main.OK);
        assertThat(fine.out()).endsWith("test.Parcels 1.1.0 may be published\n");
        assertThat(Command.run("contract", "check", adds, "--against", before, "--new-clients")
                        .exit())
                .isEqualTo(ContractCommand.BREAKS);
        Command broken = Command.run("contract", "check", breaks, "--against", before);
        assertThat(broken.exit()).isEqualTo(ContractCommand.BREAKS);
        assertThat(broken.out())
                .contains("the operation is gone", "test.Parcels 1.1.0 may not be published: it breaks clients");
        assertThat(Command.run("contract", "check", breaks, "--against", before, "--json")
                        .json())
                .asInstanceOf(MAP)
                .containsEntry("compatible", false);
        assertThat(Command.run("contract", "check", major, "--against", before).exit())
                .isEqualTo(Main.OK);
        assertThat(Command.run("contract", "check", major, "--against", before, "--strict")
                        .exit())
                .isEqualTo(ContractCommand.BREAKS);
    }

    @Test
    void a_check_that_fails_has_another_exit_code() throws IOException {
        String wrong = Files.writeString(folder.resolve("wrong.contract"), "no contract")
                .toString();
        String right = file("1.0.0", "send(to: string) -> string");

        assertThat(Command.run("contract", "check", right, "--against", wrong).exit())
                .isEqualTo(Main.FAILED);
        Command unreachable = Command.run("contract", "check", right, "--registry", "treaty://127.0.0.1:1");
        assertThat(unreachable.exit()).isEqualTo(Main.FAILED);
        assertThat(unreachable.err()).contains("cannot be reached");
        assertThat(Command.run("contract", "check").exit()).isEqualTo(Main.USAGE);
        assertThat(Command.run("contract", "diff").exit()).isEqualTo(Main.USAGE);
    }

    @Test
    void publishing_without_an_answer_is_not_success() throws IOException {
        String contract = file("1.0.0", "send(to: string) -> string");
        try (var silent =
                new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) { // accepts connections and answers nothing
            String address = "treaty://127.0.0.1:" + silent.getLocalPort();

            Command publish = Command.run("contract", "publish", contract, "--registry", address);

            assertThat(publish.exit()).isEqualTo(Main.FAILED);
            assertThat(publish.out()).isEmpty();
            assertThat(publish.err())
                    .contains(
                            "it is not known whether test.Parcels 1.0.0 is published",
                            "publishing it again does no harm",
                            "the registry " + address + " cannot be reached (deadline_exceeded");
            assertThat(Command.run("contract", "check", contract, "--registry", address)
                            .err())
                    .contains("the registry " + address + " cannot be reached");
        }
    }

    @Test
    void a_check_against_the_registry_agrees_with_the_registry() throws IOException {
        try (Treaty hub = Treaty.open(Settings.parse("hub", "server: {drain: 0s}", Map.of()))) {
            hub.serveRegistry();
            hub.serve(Parcels.class, new Parcels() {
                @Override
                public String send(String to) {
                    return to;
                }

                @Override
                public String where(String id) {
                    return id;
                }
            });
            String registry = "treaty://" + hub.endpoint().orElseThrow().authority();
            String breaks = file("1.2.0", "capability tracking 1.0.0\nwhere(id: string) -> string");

            Command check = Command.answered("contract", "check", breaks, "--registry", registry);
            assertThat(check.exit()).isEqualTo(ContractCommand.BREAKS);
            assertThat(check.out()).contains("test.Parcels 1.1.0 -> 1.2.0", "\"send\": the operation is gone");
            Command refused = Command.answered("contract", "publish", breaks, "--registry", registry);
            assertThat(refused.exit()).isEqualTo(Main.FAILED);
            assertThat(refused.err()).contains("breaks clients of 1.1.0", "--force");

            assertThat(Command.answered("contract", "publish", breaks, "--force", "--registry", registry)
                            .out())
                    .isEqualTo("test.Parcels 1.2.0 is published\n");
            assertThat(Command.answered("contract", "check", breaks, "--registry", registry)
                            .exit())
                    .isEqualTo(Main.OK);
            assertThat(Command.answered("contract", "show", "test.Parcels", "--versions", "--registry", registry)
                            .out())
                    .containsPattern("1\\.2\\.0 +[0-9a-f]{32} +0\n1\\.1\\.0 +[0-9a-f]{32} +1\n");
            assertThat(Command.answered("contract", "show", "test.Parcels@1.1", "--json", "--registry", registry)
                            .json())
                    .asInstanceOf(MAP)
                    .containsEntry("version", "1.1.0");
            assertThat(Command.answered("contract", "show", "test.Parcels@7", "--registry", registry)
                            .err())
                    .contains("has no version 7.0.0");
            assertThat(Command.answered(
                                    "contract",
                                    "diff",
                                    "test.Parcels@1.1.0",
                                    "--class",
                                    Parcels.class.getName(),
                                    "--registry",
                                    registry)
                            .out())
                    .contains("no differences");
            assertThat(Command.answered("instances", "test.Parcels", "--capability", "tracking", "--registry", registry)
                            .exit())
                    .isEqualTo(Main.OK);
            assertThat(Command.answered("instances", "test.Parcels", "--capability", "teleport", "--registry", registry)
                            .exit())
                    .isEqualTo(Main.FAILED);
        }
    }
}
