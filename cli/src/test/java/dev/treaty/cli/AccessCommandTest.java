package dev.treaty.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessCommandTest {
    @TempDir
    private Path directory;

    private String file = "";

    @BeforeEach
    void write() throws IOException {
        file = Files.writeString(directory.resolve("treaty.yaml"), """
            security:
              roles: {operator: [alice]}
              rules:
                buyers: {callers: [shop.Web], services: [shop.Orders], operations: [place]}
                acme: {claims: {tenant: acme}, services: [shop.Orders]}
                no-bob: {callers: [bob], services: ["*"], effect: deny}
            """).toString();
    }

    private Command explain(String... arguments) {
        var all = new ArrayList<>(List.of("access", "explain", "--file", file));
        all.addAll(List.of(arguments));
        return Command.run(all.toArray(String[]::new));
    }

    @Test
    void an_allowed_call_names_its_rule() {
        Command command = explain("shop.Web", "shop.Orders", "place");
        assertThat(command.exit()).as(command.err()).isZero();
        assertThat(command.out().lines())
                .containsExactly("allowed: rule buyers allows it", "rules that match:", "  allow buyers");
        assertThat(explain("alice", "shop.Orders", "treaty.drain").out()).startsWith("allowed: rule treaty.operator ");
        assertThat(explain("x", "shop.Orders", "show", "--claim", "tenant=acme").out())
                .startsWith("allowed: rule acme ");
        assertThat(explain("x", "/-/metrics", "get", "--role", "reader").out())
                .startsWith("allowed: rule treaty.reader ");
        assertThat(explain("shop.Orders", "shop.Orders", "treaty.register").exit())
                .isZero();
        assertThat(explain("shop.Orders", "shop.Orders", "treaty.register", "--proof", "token")
                        .exit())
                .isEqualTo(1);
    }

    @Test
    void a_denied_call_says_what_would_allow_it() {
        Command command = explain("shop.Stock", "shop.Orders", "place");
        assertThat(command.exit()).isEqualTo(1);
        assertThat(command.out())
                .startsWith("denied: shop.Stock may not call shop.Orders/place")
                .contains("rules that match:\n  none")
                .contains("rule buyers allows it to shop.Web")
                .contains("security.rules.NAME: {callers: [\"shop.Stock\"]");
        Command bob = explain("bob", "shop.Orders", "place", "--claim", "tenant=acme", "--json");
        assertThat(bob.exit()).isEqualTo(1);
        assertThat(bob.json())
                .asInstanceOf(MAP)
                .containsEntry("allowed", false)
                .containsEntry("rule", "no-bob")
                .containsEntry("matching", List.of("deny no-bob", "allow acme"));
    }

    @Test
    void a_wrong_command_line_or_file_is_explained() throws IOException {
        assertThat(explain("anonymous", "shop.Orders", "place", "--role", "operator")
                        .exit())
                .isEqualTo(2);
        assertThat(explain("x", "shop.Orders", "place", "--proof", "word").err())
                .contains("use certificate, token");
        Files.writeString(Path.of(file), "security: {rules: {a: {services: [shop.Orders]}}}");
        Command wrong = explain("x", "shop.Orders", "place");
        assertThat(wrong.exit()).isEqualTo(2);
        assertThat(wrong.err()).contains("rule a names no caller");
    }

    @Test
    void the_list_has_the_rules_of_the_file_and_the_built_in_ones() {
        Command command = Command.run("access", "list", "--file", file);
        assertThat(command.out().lines().toList())
                .startsWith("deny no-bob: callers bob; services *; operations *")
                .contains("allow buyers: callers shop.Web; services shop.Orders; operations place")
                .anyMatch(line -> line.startsWith("allow treaty.own-services: "));
        assertThat(Command.run("access", "list", "--file", file, "--json").json())
                .asInstanceOf(LIST)
                .hasSize(14);
    }
}
